import Foundation

/// A shell that ends a bench's process when the bench was killed and cannot.
///
/// It reads a pipe that only the bench holds: a line says that all went well, end of file that nobody is left to say so.
/// The process is asked first, so that a server takes its own children along, and made to end after 15 s.
struct BenchGuard: Sendable {
    private let lifeline = Pipe()

    private static let program = """
        trap '' INT
        read -r _ && exit
        kill -TERM "$0"
        for _ in $(seq 150); do
          kill -0 "$0" || break
          sleep 0.1
        done
        kill -KILL "$0"
        [ -z "$1" ] || rm -rf "$1"
        """

    /// Guards a process, and removes the folder after its end if the bench cannot.
    func watch(_ pid: Int32, removing folder: URL? = nil) throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", Self.program, String(pid), folder?.path ?? ""]
        shell.standardInput = lifeline
        // That the process is gone, which kill complains of, is what the shell waits for.
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
    }

    /// The process has ended: there is nothing to guard.
    func dismiss() {
        // try?: fails when somebody killed the shell, which then does nothing either.
        try? lifeline.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
    }
}

extension Process {
    /// Starts it with a guard, which goes when it ends.
    func runGuarded(removing folder: URL? = nil) throws {
        let guardian = BenchGuard()
        terminationHandler = { _ in guardian.dismiss() }
        try run()
        try guardian.watch(processIdentifier, removing: folder)
    }
}

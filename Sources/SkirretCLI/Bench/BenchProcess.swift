import Foundation

/// A server, or a tool, that a bench starts and takes along when it ends, however it ends.
struct BenchProcess {
    private let process: Process
    private let output: FileHandle
    var pid: Int32 { process.processIdentifier }

    /// Starts a program in a folder, with its output to be read and its complaints beside ours.
    ///
    /// `leavings` is a folder that goes too when this process is killed and cannot remove it.
    static func start(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], in folder: URL,
        leavings: URL? = nil
    ) throws -> BenchProcess {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.runGuarded(removing: leavings)
        return BenchProcess(process: process, output: pipe.fileHandleForReading)
    }

    /// Returns once somebody accepts connections there.
    func isListening(on port: Int) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while (try? HTTPProbe(port: port)) == nil {  // refused: not yet
            guard process.isRunning, .now < end else {
                throw BenchFailure("\(process.executableURL?.lastPathComponent ?? "the server") did not start")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The next line that it prints, waited for; nil when it ended.
    ///
    /// Holds the calling thread: nothing else happens in a bench meanwhile.
    func line() -> String? {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while read(output.fileDescriptor, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: text, as: UTF8.self) }
            text.append(byte)
        }
        return nil
    }

    func exitStatus() async -> Int32 {
        while process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }  // cancelled: at once
        return process.terminationStatus
    }

    /// Ends it: politely for two seconds, as some wait for sockets that nobody closes any more.
    func stop() async {
        process.terminate()
        let end = ContinuousClock.now + .seconds(2)
        while process.isRunning, .now < end { try? await Task.sleep(for: .milliseconds(20)) }  // cancelled: at once
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Its first child, where there is one.
    var child: Int32? {
        let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)  // gone: none
        return text?.split(separator: " ").first.flatMap { Int32($0) }
    }
}

/// Kilobytes of memory that a process has in use.
func residentKilobytes(of pid: Int32) -> Double {
    let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""  // gone: nothing
    return (text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .nan) * Double(getpagesize()) / 1024
}

/// A port that nobody listens on now.
func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
        }
    }
    guard status == 0 else { throw BenchFailure("no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}

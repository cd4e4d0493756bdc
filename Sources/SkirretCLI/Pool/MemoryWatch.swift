import Foundation

/// Says once that this process has outgrown its limit.
struct MemoryWatch {
    let mostKiB: Int
    /// Once a second: it is for leaks, which take hours.
    private static let pulse = Duration.seconds(1)

    /// Returns when the process has grown too large, with what it has; or nil when cancelled.
    func outgrown() async -> Int? {
        while !Task.isCancelled {
            if let size = Self.residentKiB(of: getpid()), size > mostKiB { return size }
            try? await Task.sleep(for: Self.pulse)  // a cancellation ends the loop above
        }
        return nil
    }

    /// Memory in use now; nil when the process is gone.
    static func residentKiB(of pid: pid_t) -> Int? {
        // Gone, or no Linux: nothing to say.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE))) / 1024
    }
}

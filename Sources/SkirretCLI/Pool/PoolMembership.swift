import Foundation

/// A worker process's place in a pool, as its supervisor told it through the environment.
struct PoolMembership: Sendable {
    /// What a member tells its supervisor, one line each.
    enum Word: Sendable, Equatable {
        /// It hears signals from now on.
        case ready
        /// It takes no more tasks and ends when it has finished what it has.
        case retires(String)

        init?(line: Substring) {
            let parts = line.split(separator: " ", maxSplits: 1)
            switch parts.first {
            case "ready": self = .ready
            case "retires": self = .retires(parts.count > 1 ? String(parts[1]) : "")
            default: return nil
            }
        }

        var line: String {
            switch self {
            case .ready: "ready\n"
            case .retires(let reason): "retires \(reason)\n"
            }
        }
    }

    /// Names the node; its presence makes a process a member.
    static let nodeVariable = "SKIRRET_POOL_NODE"
    /// Names the descriptor that the supervisor listens on.
    static let wordVariable = "SKIRRET_POOL_FD"

    /// `w1-2@host`.
    let node: String
    private let descriptor: Int32

    /// This process's place; nil when it is nobody's member.
    init?() {
        let environment = ProcessInfo.processInfo.environment
        guard let node = environment[Self.nodeVariable], let text = environment[Self.wordVariable],
            let descriptor = Int32(text)
        else { return nil }
        self.node = node
        self.descriptor = descriptor
        // What this process starts is nobody's member.
        unsetenv(Self.nodeVariable)
        unsetenv(Self.wordVariable)
    }

    func tell(_ word: Word) {
        let line = word.line
        // A supervisor that is gone hears nothing; its end is noticed elsewhere.
        _ = write(descriptor, line, line.utf8.count)
    }

    /// `w1@host` and 2 make `w1-2@host`.
    static func node(_ name: String, index: Int) -> String {
        let parts = name.split(separator: "@", maxSplits: 1)
        guard parts.count == 2 else { return "\(name)-\(index)" }
        return "\(parts[0])-\(index)@\(parts[1])"
    }
}

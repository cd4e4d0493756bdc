import CSpawn
import Foundation

/// One worker process of a pool, as its supervisor sees it.
struct PoolMember {
    /// What is known of its life.
    enum State: Equatable {
        /// Not listening to signals yet: it may only be ended.
        case starting
        case working
        /// It takes no more tasks; another one has its place.
        case retiring
        /// Its claims go back; nobody may use its name yet.
        case ended
    }

    let index: Int
    let node: String
    let process: SupervisedProcess
    let tail: OutputTail
    let began = ContinuousClock.now
    var state = State.starting
    var wasStopped = false
    var wasKilled = false

    /// Starts one.
    ///
    /// - Parameters:
    ///   - plan: What is started.
    ///   - index: Its place in the pool, from 1.
    ///   - life: The pipe that reaches end of file with the supervisor.
    ///   - hear: Called for every word it says, on a thread of its own.
    /// - Returns: The member.
    /// - Throws: `SupervisedProcess.StartFailure`.
    static func start(
        _ plan: WorkerPool.Plan, index: Int, life: Int32, hear: @escaping @Sendable (PoolMembership.Word) -> Void
    ) throws -> PoolMember {
        let node = PoolMembership.node(plan.name, index: index)
        let words = try Pipe(), errors = try Pipe()
        defer {
            _ = cspawn_close(words.write)
            _ = cspawn_close(errors.write)
        }
        var environment = plan.environment
        environment[ShutdownSignals.supervisorVariable] = "3"
        environment[PoolMembership.wordVariable] = "4"
        environment[PoolMembership.nodeVariable] = node
        let process: SupervisedProcess
        do {
            process = try SupervisedProcess.start(
                try Executable.path(), plan.arguments, environment: environment, standardError: errors.write,
                descriptors: [life, words.write], turn: plan.turn)
        } catch {
            _ = cspawn_close(words.read)
            _ = cspawn_close(errors.read)
            throw error
        }
        listen(to: words.read, hear)
        return PoolMember(index: index, node: node, process: process, tail: OutputTail(reading: errors.read))
    }

    private static func listen(to descriptor: Int32, _ hear: @escaping @Sendable (PoolMembership.Word) -> Void) {
        Thread.detachNewThread {
            var partial: [UInt8] = []
            var bytes = [UInt8](repeating: 0, count: 512)
            while true {
                let count = cspawn_read(descriptor, &bytes, bytes.count, Int32.max)
                guard count > 0 else { break }
                partial += bytes[..<count]
                var lines = String(decoding: partial, as: UTF8.self)
                    .split(separator: "\n", omittingEmptySubsequences: false)
                partial = Array((lines.popLast() ?? "").utf8)
                for word in lines.compactMap(PoolMembership.Word.init(line:)) { hear(word) }
            }
            _ = cspawn_close(descriptor)
        }
    }

    private struct Pipe {
        let read: Int32
        let write: Int32

        init() throws {
            var read: Int32 = -1, write: Int32 = -1
            guard cspawn_pipe(&read, &write) == 0 else { throw SupervisedProcess.StartFailure(description: "no pipe") }
            (self.read, self.write) = (read, write)
        }
    }
}

/// This program.
enum Executable {
    /// Where it lies: a child is the same program, whatever `PATH` says meanwhile.
    static func path() throws -> String { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") }
}

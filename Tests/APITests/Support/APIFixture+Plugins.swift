import Catalog
import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Synchronization

@testable import API

extension APIFixture {
    /// Puts a plugin into the folder.
    func install(_ key: String, _ source: String, files: [String: String] = [:]) throws {
        let path = pluginsFolder.appending(path: key)
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        for (name, text) in files.merging(["plugin.py": source], uniquingKeysWith: { $1 }) {
            try Data(text.utf8).write(to: path.appending(path: name))
        }
    }

    /// The same, switched on.
    func installEnabled(_ key: String, _ source: String, files: [String: String] = [:]) async throws {
        try install(key, source, files: files)
        try await services.catalog.plugins.synchronize(with: [.init(key: key, name: key)])
        try await services.catalog.plugins.setEnabled(key, true)
    }

    /// Runs a body while other processes that run plugins hear signals; what they were told to stop, in order.
    func withPluginProcess(
        count: Int = 1, answers: Bool = true, _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> [String] {
        let stopped = Heard()
        let queues = (0..<count).map { _ in TaskQueue(url, logger: Self.logger) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for queue in queues {
                group.addTask {
                    let signals = PluginSignals(redis: queue.redis, subscriber: queue.subscriber)
                    // Ends by cancellation, whatever it throws then.
                    try? await signals.listen { signal in
                        guard case .stop(let plugin, let reason, let reply) = signal else { return }
                        stopped.add("\(plugin) \(reason)")
                        if answers { try? await signals.done(reply, ran: true) }  // a failure shows as a missing answer
                    }
                }
            }
            // Pub/sub keeps nothing: what is published before somebody listens is not for this listener.
            var listeners = 0
            while listeners != count {
                try await Task.sleep(for: .milliseconds(5))
                let reply = try await services.redis.send("PUBSUB", "NUMSUB", "skirret:plugins:signals")
                listeners = reply.array?.last?.int ?? 0
            }
            try await body()
            group.cancelAll()
        }
        for queue in queues { await queue.close() }
        return stopped.all
    }

    /// The next message of the queue, with its headers; nil when there is none.
    func takeMessage() async throws -> TaskMessage? {
        try await services.redis.send("RPOP", "celery").bytes.map { try TaskMessage(decoding: $0) }
    }
}

/// What was heard, in order.
private final class Heard: Sendable {
    private let kept = Mutex<[String]>([])
    var all: [String] { kept.withLock { $0 } }
    func add(_ text: String) { kept.withLock { $0.append(text) } }
}

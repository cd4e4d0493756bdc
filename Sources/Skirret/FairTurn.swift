import CeleryProtocol
import SkirretRedis

/// Whose turn a message waits for inside its queue.
///
/// Carried in headers of its own, so that it is still known when the message comes from a chain or a replay.
struct FairTurn {
    static let keyHeader = "skirret_fair_key"
    static let weightHeader = "skirret_fair_weight"

    let key: String
    let weight: Int

    /// Hands a message's turn on to one that follows it, unless that has one of its own.
    static func handOn(from headers: TaskHeaders, to next: inout TaskHeaders) {
        guard let key = headers.additional(keyHeader), next.additional(keyHeader) == nil else { return }
        next.fields[keyHeader] = key
        next.fields[weightHeader] = headers.additional(weightHeader)
    }

    /// Nil when the message takes no part in it.
    init?(_ headers: TaskHeaders) {
        guard let key = headers.additional(Self.keyHeader)?.string else { return nil }
        self.key = key
        weight = min(max(headers.additional(Self.weightHeader)?.int ?? 1, 1), 1000)
    }
}

extension TaskQueue {
    /// Puts a message behind those of its own fair key, once.
    func enqueue(
        _ message: TaskMessage, queue: QueueName, to list: String, in turn: FairTurn
    ) async throws(RedisError) {
        try await accept(
            Scripts.enqueueFair, for: queue,
            keys: [list, keys.marker(message.headers.id.rawValue), keys.fair, keys.binding(queue.rawValue)],
            arguments: [.init(message.encoded()), 30, .init(keys.wake), .init(turn.key), .init(turn.weight)])
    }
}

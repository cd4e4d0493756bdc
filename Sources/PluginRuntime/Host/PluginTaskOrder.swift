public import CeleryProtocol

/// A task that a plugin's code has sent, on its way through the host.
///
/// Its message is the envelope exactly as Celery would have put it into Redis.
public struct PluginTaskOrder: Sendable, Hashable {
    /// What is to be done for an order.
    public enum Step: String, Sendable, Hashable {
        /// Written down, then sent.
        case accept
        /// Sent only: the plugin holds the database's write lock in a transaction, so nobody can write it down yet.
        case send
        /// Written down only: it was sent from inside a transaction, which is committed now.
        case record
    }

    /// Where it goes.
    public let queue: QueueName
    /// The envelope as it goes on the wire.
    public let message: [UInt8]
    /// What is to be done.
    public let step: Step
    /// Names the order among those of its process.
    let number: Int

    init(frame: JSONObject) throws(FrameFault) {
        guard let number = frame["order"]?.int, let queue = frame["queue"]?.string,
            let message = frame["message"]?.string, let step = Step(rawValue: frame["step"]?.string ?? "accept")
        else { throw FrameFault(reason: "a task frame without an order, a queue, a message or a known step") }
        (self.number, self.queue, self.message, self.step) = (number, QueueName(queue), Array(message.utf8), step)
    }
}

/// Takes what plugins' code sends: returns once it is accepted for good, throws the reason when it is not.
public typealias PluginTaskAcceptance =
    @Sendable @concurrent (_ order: PluginTaskOrder, _ plugin: PluginIdentity) async throws -> Void

/// Orders of one process that have no answer yet.
struct OpenOrders {
    /// A call's thread waits for each of its orders, so nothing honest comes near it.
    static let limit = 256

    private(set) var count = 0

    /// Takes one in; false when there are too many.
    mutating func admit() -> Bool {
        guard count < Self.limit else { return false }
        count += 1
        return true
    }

    /// One was answered.
    mutating func settle() { count -= 1 }
}

extension PluginTaskOrder {
    /// The frame that tells the plugin what became of its order; nil means that it was accepted.
    func answer(refusal: String?) -> [UInt8] {
        var frame: JSONObject = ["type": "ordered", "order": .int(number)]
        if let refusal { frame["error"] = .string(refusal) }
        return frame.encoded()
    }
}

import CeleryProtocol
import Synchronization

/// The templates of the calls that a process makes over and over.
final class MessageTemplates: Sendable {
    /// Everything that calls of one template have in common.
    struct Kind: Hashable {
        let task: String
        let queue: QueueName
        var priority: Int?
        var ignoresResult: Bool?
    }

    /// Programs call dozens of tasks; one that makes up their names shall not fill its memory with them.
    private static let most = 512

    private let templates = Mutex<[Kind: MessageTemplate]>([:])

    func template(_ kind: Kind, make: () -> TaskMessage) -> MessageTemplate? {
        if let known = templates.withLock({ $0[kind] }) { return known }
        guard let made = MessageTemplate(make()) else { return nil }
        templates.withLock { templates in
            if templates.count >= Self.most { templates = [:] }
            templates[kind] = made
        }
        return made
    }
}

extension TaskQueue {
    /// The template of a plain call; nil when its options, or the task that it is called from, say more than a template
    /// knows.
    func template(for task: String, to queue: QueueName, _ options: CallOptions) -> MessageTemplate? {
        guard options.isPlain, !sendsSentEvents, RunningTask.current == nil else { return nil }
        let kind = MessageTemplates.Kind(
            task: task, queue: queue, priority: options.priority, ignoresResult: options.ignoresResult)
        return templates.template(kind) {
            message(task, id: .random(), args: [], kwargs: [:], queue: queue, options)
        }
    }
}

extension CallOptions {
    /// Whether nothing is set that changes more of a message than its queue, priority, id and `ignore_result`.
    var isPlain: Bool {
        exchange == nil && countdown == nil && eta == nil && expires == nil && expiresIn == nil && timeLimits == nil
            && link.isEmpty && linkError.isEmpty && fairKey == nil && headers.isEmpty && compression == nil
            && shadow == nil && replyTo == nil && stamps.isEmpty && unique == nil
    }
}

public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Enqueues a canvas, or one task, as a signature describes it.
    ///
    /// All its first messages are put in their queues in one step (in slices of 500), and the counters of its chords
    /// before them. Called inside a running task, the canvas is that task's child.
    ///
    /// - Parameters:
    ///   - part: What is to be done.
    ///   - options: How this call differs from what the signature says.
    /// - Returns: Where the result will be.
    /// - Throws: `WireError` for a part that is no signature, `RedisError` when the broker did not accept it within two
    ///   seconds, ``UnroutableMessage`` when an exchange gives a message to no queue.
    @discardableResult
    public func send(_ part: some CanvasPart, options: CallOptions = .init()) async throws -> ResultNode {
        var signature = part.signature
        for callback in options.link { signature = signature.linked(callback) }
        for errback in options.linkError { signature = signature.linkedError(errback) }
        signature = signature.stamped(unlessEmpty: options.stamps)
        var given = options.signatureOptions
        if let parent = RunningTask.current {
            given["parent_id"] = JSONValue(parent.id)
            given["root_id"] = JSONValue(parent.root)
        }
        let start = try CanvasStart(signature, options: given, replyTo: Self.replyTo)
        guard let result = start.result else {
            throw TaskFailure.builtin("ValueError", "a canvas without any task: nothing would ever have a result")
        }
        try await put(start, retry: options.publishRetry)
        RunningTask.current?.note(start.children)
        return result
    }

    /// Where replies of another result backend would go: one for each process.
    static let replyTo = MessageProperties.randomReplyTo()

    /// A message on its way.
    struct Outgoing: Sendable {
        var message: TaskMessage
        var delay: Duration = .zero
    }

    func put(_ start: CanvasStart, adding: String? = nil, retry: CallOptions.PublishRetry? = nil) async throws {
        let needsClock = start.tasks.contains { task in
            ["countdown", "eta", "expires"].contains { task.options[$0].map { !$0.isNull } ?? false }
        }
        let now = needsClock ? try await brokerTime() : Date()
        let outgoing = start.tasks.map { task in
            let message = task.message(queue: task.queue(else: queue(for: task.task)), now: now)
            let delay = message.headers.eta.map { Duration.seconds(max(0, $0.timeIntervalSince(now))) } ?? .zero
            return Outgoing(message: message, delay: delay)
        }
        try await put(outgoing, start, adding: adding, retry: retry)
        await tellSent(outgoing.map(\.message))
    }

    /// Puts messages into their queues, which their exchanges decide, all in one step.
    ///
    /// Where results have a place of their own, what they need to know of chords and groups is written there before:
    /// a producer that dies in between leaves counters that expire, and no message without them.
    ///
    /// - Parameters:
    ///   - outgoing: The messages.
    ///   - start: The chords and saved groups that Redis must know before.
    ///   - adding: The group id of a running chord that one part is added to.
    ///   - retry: How the publish is tried again while the broker is away.
    /// - Throws: `RedisError`, ``UnroutableMessage``.
    func put(
        _ outgoing: [Outgoing], _ start: CanvasStart = .init(), adding: String? = nil,
        retry: CallOptions.PublishRetry? = nil
    ) async throws {
        var copies: [(queue: QueueName, Outgoing)] = []
        for one in outgoing {
            for (number, queue) in try await queues(of: one.message).enumerated() {
                var copy = one
                // Each publish has a tag of its own.
                if number > 0 { copy.message.properties.deliveryTag = .random() }
                copies.append((queue, copy))
            }
        }
        for queue in Set(copies.map(\.queue)) { try await announce(queue) }
        for first in stride(from: 0, to: max(copies.count, 1), by: Self.slice) {
            let slice = Array(copies[first..<min(first + Self.slice, copies.count)])
            var chords = first > 0 ? CanvasStart() : start
            var adding = first > 0 ? nil : adding
            let call = (slice.first?.1.message.headers.id.rawValue ?? "") + "/\(first)"
            if hasOwnBackend {
                try await publishing(retry) { [adding] in try await announce(chords, adding: adding, call) }
                (chords, adding) = (CanvasStart(), nil)
            }
            let arguments = arguments(slice, chords, adding: adding)
            try await publishing(retry) {
                let reply = try await redis.run(Scripts.start, keys: startKeys(call), arguments: arguments)
                if reply.int == 2 { await announceAnew(Set(slice.map(\.queue))) }
            }
        }
    }

    /// Tells where results are what it must know before the first message of a canvas is anywhere.
    ///
    /// - Parameters:
    ///   - start: The chords and saved groups.
    ///   - adding: The group id of a running chord that one part is added to.
    ///   - call: By which a repeat of this very call is recognised.
    /// - Throws: `RedisError`.
    func announce(_ start: CanvasStart, adding: String? = nil, _ call: String) async throws(RedisError) {
        guard !start.chords.isEmpty || !start.groups.isEmpty || adding != nil else { return }
        _ = try await backend.run(
            Scripts.start, keys: startKeys(call), arguments: arguments([], start, adding: adding))
    }

    private func startKeys(_ call: String) -> [String] {
        [keys.marker(call), keys.scheduled, keys.scheduledMessages, keys.fair]
    }

    /// How many messages one script call takes: few enough that Redis is never held for long.
    private static let slice = 500

    private func arguments(
        _ copies: [(queue: QueueName, outgoing: Outgoing)], _ start: CanvasStart, adding: String?
    ) -> [RedisArgument] {
        var arguments: [RedisArgument] = [30, .init(keys.wake), .init(chordSeconds)]
        let chords = start.chords.map { ($0.group, String($0.size)) } + (adding.map { [($0, "+1")] } ?? [])
        arguments.append(.init(chords.count))
        for (group, size) in chords { arguments += [.init(keys.group(group)), .init(size)] }
        arguments.append(.init(start.groups.count))
        for group in start.groups { arguments += [.init(keys.group(group.id)), .init(group.saved.encoded())] }
        // Of an exchange's queues the binding is there: it is what led to them.
        let queues = Set(copies.filter { $0.outgoing.message.properties.exchange.isEmpty }.map(\.queue))
        arguments.append(.init(queues.count))
        for queue in queues {
            arguments += [
                .init(keys.binding(queue.rawValue)), .init(keys.permanentBinding(queue.rawValue)),
                .init(QueueBinding(queue: queue).member()),
            ]
        }
        arguments.append(.init(copies.count))
        for (queue, one) in copies {
            arguments += [
                .init(keys.queue(queue, priority: one.message.properties.priority)),
                .init(one.message.headers.id.rawValue),
                .init(one.delay > .zero ? "+\(one.delay.milliseconds)" : "0"), .init(one.message.encoded()),
            ]
        }
        return arguments
    }

    /// Publishes what is idempotent, again and again while the broker is away, as the policy allows.
    ///
    /// Without one for a second after a connection that broke; not after a deadline passed in silence, as nobody waits
    /// longer than that for a broker.
    func publishing(_ policy: CallOptions.PublishRetry?, _ body: () async throws -> Void) async throws {
        let end = ContinuousClock.now + .seconds(1)
        var attempt = 0
        while true {
            do {
                return try await body()
            } catch let error as RedisError {
                if let policy {
                    guard error.isPassing, let pause = policy.pause(before: attempt) else { throw error }
                    try await ContinuousClock().sleep(for: pause)
                } else {
                    guard error.code == .closed, .now < end, !Task.isCancelled else { throw error }
                }
                attempt += 1
            }
        }
    }
}

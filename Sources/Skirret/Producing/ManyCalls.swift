import CeleryProtocol
import Foundation
import SkirretRedis

/// Many calls on their way: cuts them into slices, and keeps what became of each.
struct ManyCalls {
    /// As many calls as one script call takes: few enough that Redis is never held for long.
    private static let most = 500
    /// So many bytes of messages, or one message: 1 MiB.
    private static let mostBytes = 1 << 20

    /// Where messages of one slice go, and how.
    fileprivate struct Target: Hashable {
        let queue: QueueName
        let list: String
        /// "now", "fair", or milliseconds to wait.
        let kind: String
        var fairKey: String?
        var fairWeight = 1
    }

    fileprivate struct Group {
        let target: Target
        /// The places of the calls.
        var indices: [Int] = []
        /// Entry id and message of each.
        var messages: [RedisArgument] = []
    }

    /// What one script call takes.
    struct Slice: Sendable {
        fileprivate var groups: [Group] = []
        fileprivate var numbers: [Target: Int] = [:]
        fileprivate var bytes = 0
        fileprivate var count = 0
        /// The calls that monitors are to be told of, with their places.
        fileprivate var told: [(index: Int, message: TaskMessage)] = []
        /// How it is tried again while the broker is away.
        fileprivate(set) var retry: CallOptions.PublishRetry?

        var queues: Set<QueueName> { Set(groups.map(\.target.queue)) }
    }

    private let queue: TaskQueue
    private let calls: [TaskCall]
    private let now: Date
    private var position = 0
    private var ids: [TaskID] = []
    private var failures: [Int: IncompleteSend.Failure] = [:]
    /// The queues of each exchange and routing key that was asked for.
    private var routes: [[String]: Result<[QueueName], any Error>] = [:]
    /// The last plain call's kind and template: as a rule the next one is of the same kind.
    private var last: (kind: MessageTemplates.Kind, template: MessageTemplate, target: Target)?
    /// Why nothing more is sent.
    private var end: (any Error)?

    init(queue: TaskQueue, calls: [TaskCall], now: Date) {
        self.queue = queue
        self.calls = calls
        self.now = now
        ids.reserveCapacity(calls.count)
    }

    /// The broker is away: all that follows counts as not sent.
    var hasEnded: Bool { end != nil }

    /// The next calls, as one script call; nil when all are on their way.
    mutating func slice() async -> Slice? {
        var slice = Slice()
        while position < calls.count, slice.count < Self.most, slice.bytes < Self.mostBytes {
            let call = calls[position]
            let id = call.options.id ?? .random()
            ids.append(id)
            if call.options.unique != nil {
                await sendByItself(call, id)
            } else if let (template, target) = template(of: call) {
                let bytes = template.encoded(id: id, args: call.args, kwargs: call.kwargs)
                slice.add(bytes, entry: id.rawValue, of: position, to: target)
            } else {
                await add(call, id, to: &slice)
            }
            slice.count += 1
            slice.retry = call.options.publishRetry ?? slice.retry
            position += 1
        }
        return slice.count > 0 ? slice : nil
    }

    /// Takes in what became of a slice.
    mutating func take(_ reply: Result<RedisValue, any Error>, of slice: Slice) {
        switch reply {
        case .success(let reply):
            let refused = reply.array?.first?.array ?? []
            for at in stride(from: 0, to: refused.count - 1, by: 2) {
                guard let number = refused[at].int, slice.groups.indices.contains(number - 1) else { continue }
                let error = RedisError(reply: refused[at + 1].string ?? "", to: "\(Scripts.enqueueMany)")
                for index in slice.groups[number - 1].indices { fail(index, .refused, error) }
            }
        case .failure(let error):
            fail(slice, (error as? RedisError)?.mayHaveExecuted ?? true ? .unknown : .refused, error)
            end = error
        }
    }

    /// What monitors are to be told of a slice: the calls that were accepted, as messages.
    func sent(of slice: Slice) -> [TaskMessage] {
        slice.told.filter { failures[$0.index] == nil }.map(\.message)
    }

    /// The ids of all calls.
    ///
    /// - Parameter unsent: A slice that was put together and not sent.
    /// - Returns: The ids, in the order of the calls.
    /// - Throws: ``IncompleteSend`` unless all were accepted.
    mutating func finish(unsent: Slice?) throws -> [TaskID] {
        if let end {
            if let unsent { fail(unsent, .notSent, end) }
            for index in position..<calls.count {
                ids.append(calls[index].options.id ?? .random())
                fail(index, .notSent, end)
            }
        }
        guard failures.isEmpty else {
            throw IncompleteSend(ids: ids, failures: failures.values.sorted { $0.index < $1.index })
        }
        RunningTask.current?.note(ids.map { ResultNode(task: $0) })
        return ids
    }

    private mutating func fail(_ slice: Slice, _ fate: IncompleteSend.Fate, _ error: any Error) {
        for group in slice.groups { for index in group.indices { fail(index, fate, error) } }
    }

    private mutating func fail(_ index: Int, _ fate: IncompleteSend.Fate, _ error: any Error) {
        failures[index] = IncompleteSend.Failure(index: index, id: ids[index], fate: fate, error: error)
    }
}

// MARK: - One call

extension ManyCalls {
    /// For plain calls: where they go, and everything but their arguments.
    private mutating func template(of call: TaskCall) -> (MessageTemplate, Target)? {
        let name = queue.queue(for: call.task, call.options)
        let kind = MessageTemplates.Kind(
            task: call.task, queue: name, priority: call.options.priority, ignoresResult: call.options.ignoresResult)
        if let last, last.kind == kind, call.options.isPlain { return (last.template, last.target) }
        guard let template = queue.template(for: call.task, to: name, call.options) else { return nil }
        let target = Target(
            queue: name, list: queue.keys.queue(name, priority: call.options.priority), kind: "now")
        last = (kind, template, target)
        return (template, target)
    }

    /// A call with options that a template knows nothing of.
    private mutating func add(_ call: TaskCall, _ id: TaskID, to slice: inout Slice) async {
        let name = queue.queue(for: call.task, call.options)
        var message = queue.message(
            call.task, id: id, args: call.args, kwargs: call.kwargs, queue: name, call.options)
        let delay = call.options.setTimes(of: &message, now: now)
        let turn = delay > .zero ? nil : FairTurn(message.headers)
        let kind = delay > .zero ? String(delay.milliseconds) : turn == nil ? "now" : "fair"
        do {
            for (number, name) in try await queues(of: message).enumerated() {
                // Each publish has a tag and an entry of its own.
                if number > 0 { message.properties.deliveryTag = .random() }
                let target = Target(
                    queue: name, list: queue.keys.queue(name, priority: message.properties.priority), kind: kind,
                    fairKey: turn?.key, fairWeight: turn?.weight ?? 1)
                let entry = number == 0 ? id.rawValue : "\(id)/\(name)"
                slice.add(message.encoded(), entry: entry, of: position, to: target)
            }
            if queue.sendsSentEvents { slice.told.append((position, message)) }
        } catch { fail(position, .refused, error) }
    }

    /// Where a message goes; an exchange is asked once for each routing key.
    private mutating func queues(of message: TaskMessage) async throws -> [QueueName] {
        let route = [message.properties.exchange, message.properties.routingKey]
        if let known = routes[route] { return try known.get() }
        let found: Result<[QueueName], any Error>
        do { found = .success(try await queue.queues(of: message)) } catch { found = .failure(error) }
        routes[route] = found
        return try found.get()
    }

    /// A unique call's answer may be the id of an equal one.
    private mutating func sendByItself(_ call: TaskCall, _ id: TaskID) async {
        var options = call.options
        options.id = id
        do {
            ids[position] = try await queue.send(call.task, args: call.args, kwargs: call.kwargs, options: options)
        } catch {
            fail(position, (error as? RedisError)?.mayHaveExecuted ?? false ? .unknown : .refused, error)
        }
    }
}

// MARK: - The script's arguments

extension ManyCalls.Slice {
    fileprivate mutating func add(_ message: [UInt8], entry: String, of index: Int, to target: ManyCalls.Target) {
        let number: Int
        if let last = groups.indices.last, groups[last].target == target {
            number = last
        } else if let known = numbers[target] {
            number = known
        } else {
            number = groups.count
            numbers[target] = number
            groups.append(.init(target: target))
        }
        groups[number].indices.append(index)
        groups[number].messages.append(.init(entry))
        groups[number].messages.append(.init(message))
        bytes += message.count
    }

    /// The queues that a Redis which was emptied knew nothing of.
    func bareQueues(_ reply: RedisValue) -> Set<QueueName> {
        let numbers = reply.array?.last?.array?.compactMap(\.int) ?? []
        return Set(numbers.compactMap { groups.indices.contains($0 - 1) ? groups[$0 - 1].target.queue : nil })
    }

    /// What the script takes.
    func arguments(_ keys: Keys) -> [RedisArgument] {
        var arguments: [RedisArgument] = [30, .init(keys.marker("")), .init(keys.wake)]
        arguments.reserveCapacity(3 + groups.reduce(0) { $0 + $1.messages.count + 8 })
        for group in groups {
            let target = group.target
            arguments += [
                .init(target.list), .init(keys.binding(target.queue.rawValue)), .init(target.kind),
                .init(group.messages.count / 2),
            ]
            if let key = target.fairKey { arguments += [.init(key), .init(target.fairWeight)] }
            arguments += group.messages
        }
        return arguments
    }
}

import NIOCore

/// The event loop's side of a subscriber: keeps Redis's subscriptions equal to what the readers want, hands out messages.
final class SubscriberDriver {
    private enum Verb: String {
        case subscribe = "SUBSCRIBE"
        case unsubscribe = "UNSUBSCRIBE"
        case psubscribe = "PSUBSCRIBE"
        case punsubscribe = "PUNSUBSCRIBE"
        case ping = "PING"
    }

    /// A command whose answers are still to come: one for each topic, or one error for all.
    private struct Sent {
        let verb: Verb
        let topics: Set<Topic>
        var missing: Int
    }

    private let link: Link
    private let options: RedisOptions
    private var table = SubscriptionTable()
    private var mailboxes: [SubscriptionTable.ID: Mailbox] = [:]
    private var sent = CircularBuffer<Sent>()
    private var isClosed = false
    private var pingTimer: Scheduled<Void>?
    private var answerTimer: Scheduled<Void>?
    /// Whether anything arrived since `answerTimer` was set.
    private var hasHeard = false

    init(link: Link) {
        self.link = link
        options = link.options
        link.start(for: self)
    }

    func add(_ id: SubscriptionTable.ID, _ topics: Set<Topic>, _ mailbox: Mailbox) {
        guard !isClosed else { return mailbox.finish(Self.subscriberClosed) }
        mailboxes[id] = mailbox
        let (change, isComplete) = table.add(id, topics)
        guard link.isReady else { return link.demand() }
        send(change)
        if isComplete { mailbox.put(.subscribed) }
    }

    func remove(_ id: SubscriptionTable.ID) {
        mailboxes[id] = nil
        let change = table.remove(id)
        if link.isReady { send(change) }
    }

    private func fail(_ ids: Set<SubscriptionTable.ID>, _ error: RedisError) {
        for id in ids {
            mailboxes[id]?.finish(error)
            remove(id)
        }
    }

    func close() -> EventLoopFuture<Void> {
        isClosed = true
        pingTimer?.cancel()
        answerTimer?.cancel()
        for mailbox in mailboxes.values { mailbox.finish(Self.subscriberClosed) }
        mailboxes = [:]
        return link.close()
    }

    private static let subscriberClosed = RedisError(
        .closed, "the Redis subscriber was closed", hint: "Subscribe nothing after close(), or make a new one.")
}

// MARK: - Sending, and waiting for what must come back

extension SubscriberDriver {
    private func send(_ change: SubscriptionTable.Change) {
        var bytes = ByteBuffer()
        for (verb, kind, topics) in [
            (Verb.subscribe, Topic.Kind.channel, change.subscribe), (.psubscribe, .pattern, change.subscribe),
            (.unsubscribe, .channel, change.unsubscribe), (.punsubscribe, .pattern, change.unsubscribe),
        ] {
            write(verb, topics.filter { $0.kind == kind }, to: &bytes)
        }
        guard bytes.readableBytes > 0 else { return }
        link.send(bytes)
        awaitAnswers()
    }

    private func write(_ verb: Verb, _ topics: Set<Topic>, to bytes: inout ByteBuffer) {
        guard !topics.isEmpty else { return }
        for topic in topics { table.sent(topic) }
        bytes.writeCommand(RedisCommand(verb.rawValue, arguments: topics.map { RedisArgument($0.name) }))
        sent.append(Sent(verb: verb, topics: topics, missing: topics.count))
    }

    private func ping() {
        var bytes = ByteBuffer()
        bytes.writeCommand(RedisCommand(Verb.ping.rawValue))
        sent.append(Sent(verb: .ping, topics: [], missing: 1))
        link.send(bytes)
        awaitAnswers()
    }

    private func keepPinging() {
        pingTimer = link.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.pingInterval)) { [self] in
            guard link.isReady else { return }
            if sent.isEmpty { ping() }
            keepPinging()
        }
    }

    /// Something must arrive within the command deadline while answers are due, or the connection is given up.
    private func awaitAnswers() {
        guard answerTimer == nil else { return }
        hasHeard = false
        answerTimer = link.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(options.commandDeadline)) { [self] in
            answerTimer = nil
            guard !sent.isEmpty else { return }
            if hasHeard { return awaitAnswers() }
            link.abandonConnection(
                .closed("\(link.place) did not answer \(sent.first?.verb.rawValue ?? "") in time"))
        }
    }
}

// MARK: - What the link tells

extension SubscriberDriver: LinkOwner {
    var wantsConnection: Bool { !table.isEmpty }

    func linkIsReady() {
        keepPinging()
        send(SubscriptionTable.Change(subscribe: table.topics))
    }

    func linkReceivedBurst() {}

    func linkReceived(_ reply: RedisValue) {
        hasHeard = true
        if let text = reply.error { return refused(text) }
        guard let parts = reply.array, let kind = parts.first?.string else {
            // Redis before any subscription, and after the last one, answers PING as a plain connection does.
            if reply.string == "PONG" { answered(.ping, nil) } else { nonsense() }
            return
        }
        switch (kind, parts.count) {
        case ("message", 3): deliver(parts[1], parts[1], parts[2], .channel)
        case ("pmessage", 4): deliver(parts[1], parts[2], parts[3], .pattern)
        case ("subscribe", 3): answered(.subscribe, parts[1].string)
        case ("psubscribe", 3): answered(.psubscribe, parts[1].string)
        case ("unsubscribe", 3): answered(.unsubscribe, parts[1].string)
        case ("punsubscribe", 3): answered(.punsubscribe, parts[1].string)
        case ("pong", 2): answered(.ping, nil)
        default: nonsense()
        }
    }

    private func deliver(_ topic: RedisValue, _ channel: RedisValue, _ payload: RedisValue, _ kind: Topic.Kind) {
        guard let name = topic.string, let channel = channel.string, let payload = payload.bytes else {
            return nonsense()
        }
        for id in table.readers(of: Topic(kind: kind, name: name)) {
            mailboxes[id]?.put(.message(channel: channel, payload: payload))
        }
    }

    private func answered(_ verb: Verb, _ name: String?) {
        guard let first = sent.first, first.verb == verb else { return nonsense() }
        if first.missing == 1 { sent.removeFirst() } else { sent[sent.startIndex].missing -= 1 }
        guard let name else { return }
        let isPattern = verb == .psubscribe || verb == .punsubscribe
        let isSubscribed = verb == .subscribe || verb == .psubscribe
        let topic = Topic(kind: isPattern ? .pattern : .channel, name: name)
        for id in table.answered(topic, isSubscribed: isSubscribed) { mailboxes[id]?.put(.subscribed) }
    }

    /// One error answers the whole command; whoever wanted its topics cannot have them.
    private func refused(_ text: String) {
        guard let lost = sent.popFirst() else { return nonsense() }
        let error = RedisError(reply: text, to: lost.verb.rawValue)
        for topic in lost.topics {
            _ = table.answered(topic, isSubscribed: false)
            if lost.verb == .subscribe || lost.verb == .psubscribe { fail(table.readers(of: topic), error) }
        }
    }

    private func nonsense() {
        link.abandonConnection(
            RedisError(
                .protocolViolation, "\(link.place) sent what no subscription can receive",
                hint: "Does the URL name a Redis, and not another service?"))
    }

    func linkIsLost(_ error: RedisError) {
        pingTimer?.cancel()
        answerTimer?.cancel()
        answerTimer = nil
        sent.removeAll()
        table.disconnected()
    }

    /// Readers wait on: whatever it is may be mended while they do, and the log tells what.
    func linkCouldNotConnect(_ error: RedisError, isFinal: Bool) {}
}

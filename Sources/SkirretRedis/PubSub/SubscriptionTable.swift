/// A channel or a pattern.
struct Topic: Hashable {
    enum Kind {
        case channel, pattern
    }

    let kind: Kind
    let name: String
}

/// Who wants which topics, and which of them Redis has confirmed on the present connection.
///
/// Holds no connection and no reader: it says what to send and whom to tell, the driver does it.
struct SubscriptionTable {
    typealias ID = UInt64

    /// Topics to ask Redis for, or to give back.
    struct Change: Equatable {
        var subscribe: Set<Topic> = []
        var unsubscribe: Set<Topic> = []
    }

    private struct Entry {
        let topics: Set<Topic>
        /// Those not confirmed on the present connection.
        var missing: Set<Topic>
    }

    private var entries: [ID: Entry] = [:]
    private var readers: [Topic: Set<ID>] = [:]
    private var confirmed: Set<Topic> = []
    /// Answers that are still to come, by topic: only the last one counts.
    private var unanswered: [Topic: Int] = [:]

    var isEmpty: Bool { entries.isEmpty }
    var topics: Set<Topic> { Set(readers.keys) }

    func readers(of topic: Topic) -> Set<ID> { readers[topic] ?? [] }

    /// - Returns: what to ask for; `isComplete` when all of it is confirmed already.
    mutating func add(_ id: ID, _ topics: Set<Topic>) -> (change: Change, isComplete: Bool) {
        var change = Change()
        for topic in topics {
            if readers[topic] == nil { change.subscribe.insert(topic) }
            readers[topic, default: []].insert(id)
        }
        let missing = topics.subtracting(confirmed)
        entries[id] = Entry(topics: topics, missing: missing)
        return (change, missing.isEmpty)
    }

    mutating func remove(_ id: ID) -> Change {
        var change = Change()
        for topic in entries.removeValue(forKey: id)?.topics ?? [] {
            readers[topic]?.remove(id)
            guard readers[topic]?.isEmpty == true else { continue }
            readers[topic] = nil
            confirmed.remove(topic)
            change.unsubscribe.insert(topic)
        }
        return change
    }

    /// A (un)subscription of this topic was sent.
    mutating func sent(_ topic: Topic) {
        unanswered[topic, default: 0] += 1
    }

    /// Redis answered one; returns the subscriptions that are complete now.
    mutating func answered(_ topic: Topic, isSubscribed: Bool) -> [ID] {
        if let count = unanswered[topic] { unanswered[topic] = count > 1 ? count - 1 : nil }
        guard isSubscribed, unanswered[topic] == nil, let ids = readers[topic] else { return [] }
        confirmed.insert(topic)
        return ids.filter { id in
            guard entries[id]?.missing.remove(topic) != nil else { return false }
            return entries[id]?.missing.isEmpty == true
        }
    }

    /// The connection is gone, and with it everything that was confirmed.
    mutating func disconnected() {
        confirmed = []
        unanswered = [:]
        entries = entries.mapValues { Entry(topics: $0.topics, missing: $0.topics) }
    }
}

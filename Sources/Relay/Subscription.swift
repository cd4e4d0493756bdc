import NIOCore

/// The topics that one socket hears.
struct Subscription: Equatable {
    /// Dispatcharr's one group, which a client hears that never asks for anything.
    static let byDefault = "updates"
    /// More would be a mistake: a page shows a handful of things.
    static let mostTopics = 128
    private static let longestName = 200

    private(set) var topics: Set<String> = [byDefault]
    /// The client asked for topics, and hears where each event stands.
    private(set) var isChosen = false

    /// Why topics were not granted.
    enum Refusal: String, Equatable {
        /// More than ``mostTopics`` with those heard already; none of them was granted.
        case tooMany = "too_many_topics"
        /// Not a topic's name, or not one for this client.
        case notGranted = "topic_not_granted"
    }

    /// Adds topics; the first ones replace the default.
    ///
    /// - Returns: The topics that were refused, and why; nil when all were granted.
    mutating func add(_ names: [String], for identity: RelayIdentity) -> (refused: [String], why: Refusal)? {
        let before = isChosen ? topics : []
        guard before.union(names).count <= Self.mostTopics else { return (Array(names.prefix(3)), .tooMany) }
        let granted = names.filter { Self.isName($0) && identity.mayHear($0) }
        isChosen = true
        topics = before.union(granted)
        let refused = Set(names).subtracting(granted)
        return refused.isEmpty ? nil : (refused.sorted(), .notGranted)
    }

    /// Takes topics away.
    mutating func remove(_ names: [String]) {
        isChosen = true
        topics.subtract(names)
    }

    func hears(_ frame: EventFrame) -> Bool { frame.topics.contains(where: topics.contains) }

    /// The event as this client reads it.
    func bytes(of frame: EventFrame) -> ByteBuffer { isChosen ? frame.placedBytes : frame.bytes }

    private static func isName(_ name: String) -> Bool {
        (1...longestName).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
                    || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || "_-.:/".utf8.contains(byte)
            }
    }
}

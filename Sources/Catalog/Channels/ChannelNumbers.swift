import GRDB

/// How new channels get their numbers.
public enum ChannelNumbering: Sendable, Equatable {
    /// The provider's number where it is free, else the next free one.
    case provider
    /// The lowest free numbers from 1.
    case lowestFree
    /// Free numbers from that one on.
    case from(Double)

    /// As the task's argument says it: null, 0, or where to begin.
    public init(startingAt number: Double?) {
        switch number {
        case nil: self = .provider
        case .some(let number) where number <= 0: self = .lowestFree
        case .some(let number): self = .from(number)
        }
    }
}

/// The numbers that are taken, and the next free one.
///
/// Finding a free number costs next to nothing: the search goes on where the last one ended.
struct ChannelNumbers {
    private var taken: Set<Double>
    private var next: Double

    init(_ db: Database, startingAt first: Double = 1) throws {
        let sql = """
            SELECT "channel_number" FROM "dispatcharr_channels_channel" WHERE "channel_number" IS NOT NULL
            UNION
            SELECT "channel_number" FROM "dispatcharr_channels_channeloverride" WHERE "channel_number" IS NOT NULL
            """
        taken = Set(try Double.fetchAll(db, sql: sql))
        next = first
    }

    init(taken: Set<Double>, startingAt first: Double) {
        self.taken = taken
        next = first
    }

    /// Takes that number; false when somebody has it.
    mutating func take(_ number: Double) -> Bool { taken.insert(number).inserted }

    /// Gives a number back.
    mutating func free(_ number: Double) { taken.remove(number) }

    /// Takes the next free number; nil when it would be above the limit.
    mutating func takeNext(upTo limit: Double? = nil) -> Double? {
        while taken.contains(next) { next += 1 }
        if let limit, next > limit { return nil }
        defer { next += 1 }
        taken.insert(next)
        return next
    }
}

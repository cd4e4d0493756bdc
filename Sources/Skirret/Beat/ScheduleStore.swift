public import Foundation

/// Where schedules live.
///
/// Beat reads them; somebody else writes them.
public protocol ScheduleStore: Sendable {
    /// Beats whose stores have the same scope elect one leader among them, and must see the same schedules.
    ///
    /// Part of Redis keys; empty for the only store of a fleet.
    var scope: String { get }
    /// A text that differs after every change of the schedules. Asked for about every second, so it must be cheap.
    func changeMark() async throws -> String
    /// All entries, also those that are switched off. An entry that cannot be read is left out, and told to a log.
    func schedules() async throws -> [ScheduledTask]
    /// Notes what fired, for people to see. Not a change. An entry that fired for the last time is switched off here.
    ///
    /// Called again with the same runs when it throws.
    func record(_ runs: [ScheduleRun]) async throws
}

extension ScheduleStore {
    /// The only store of a fleet.
    public var scope: String { "" }
}

/// What happened to one entry since its store was last told.
public struct ScheduleRun: Sendable, Hashable {
    /// The entry.
    public var name: String
    /// When it fired last, by Redis's clock.
    public var lastRun: Date
    /// How often it fired.
    public var count: Int
    /// Whether it fires no more: a one-off has fired, or its end has come.
    public var isOver: Bool
}

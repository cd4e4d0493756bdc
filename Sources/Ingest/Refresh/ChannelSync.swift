public import CeleryProtocol

/// What following an account's groups did to its channels.
public struct ChannelSync: Sendable, Equatable {
    /// Channels that were new.
    public var created: Int
    /// Channels of which something changed.
    public var updated: Int
    /// Channels whose stream is gone.
    public var deleted: Int
    /// The streams that got none, each as the page shows it: its id, its name and the reason.
    public var failures: [JSONValue]
    /// Guide channels (`epg_epgdata.id`) that are shown now and have no programmes yet.
    public var guidesWithoutProgrammes: [Int]

    /// These counts.
    public init(
        created: Int = 0, updated: Int = 0, deleted: Int = 0, failures: [JSONValue] = [],
        guidesWithoutProgrammes: [Int] = []
    ) {
        self.created = created
        self.updated = updated
        self.deleted = deleted
        self.failures = failures
        self.guidesWithoutProgrammes = guidesWithoutProgrammes
    }
}

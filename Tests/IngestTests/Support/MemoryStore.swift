import CeleryProtocol
import FoundationEssentials
import Synchronization

@testable import Ingest

/// A store in memory with the promises of the real one: staged rows are seen after the commit, or never.
final class MemoryStore: PlaylistStore, GuideStore {
    struct State {
        var account: PlaylistAccount?
        var guide: GuideSource?
        var mapped: Set<String> = []
        var streams: [String: PlaylistEntry] = [:]
        var groups: [String] = []
        var channels: [String: GuideChannel] = [:]
        var programmes: [Programme] = []
        var reports: [(RefreshStatus, String)] = []
        var discarded = 0
        var batches: [Int] = []
        var events: [JSONObject] = []
        /// Called before each staged batch.
        var beforeStage: (@Sendable (Int) async throws -> Void)?
        var failsToCommit = false
        /// The files that were committed, by fingerprint.
        var files: [String: KnownFile] = [:]
        var confirmed = 0
        var info: XtreamAccount?
        /// What following groups does; nil makes it fail.
        var sync: ChannelSync? = ChannelSync()
        var groupProperties: [String: JSONObject] = [:]
    }
    struct Broken: Error {}

    let state: Mutex<State>

    init(account: PlaylistAccount? = nil, guide: GuideSource? = nil, mapped: Set<String> = []) {
        state = Mutex(State(account: account, guide: guide, mapped: mapped))
    }

    var now: State { state.withLock { $0 } }
    var last: (status: RefreshStatus, message: String)? { now.reports.last.map { ($0.0, $0.1) } }

    var progress: RefreshProgress {
        { event in self.state.withLock { $0.events.append(event) } }
    }

    func playlistAccount(_ id: Int) async throws -> PlaylistAccount? { now.account.flatMap { $0.id == id ? $0 : nil } }
    func guideSource(_ id: Int) async throws -> GuideSource? { now.guide.flatMap { $0.id == id ? $0 : nil } }

    func report(_ status: RefreshStatus, _ message: String, account: Int) async throws {
        state.withLock { $0.reports.append((status, message)) }
    }

    func report(_ status: RefreshStatus, _ message: String, source: Int) async throws {
        state.withLock { $0.reports.append((status, message)) }
    }

    func save(_ info: XtreamAccount, account: Int) async throws { state.withLock { $0.info = info } }

    func beginPlaylist(account: Int, fingerprint: String) async throws -> any PlaylistStaging {
        Playlist(store: self, fingerprint: fingerprint)
    }
    func beginGuide(_ source: GuideSource) async throws -> any GuideStaging {
        Guide(store: self, mappedChannels: now.mapped, fingerprint: source.fingerprint)
    }

    func syncChannels(account: Int) async throws -> ChannelSync {
        try state.withLock { state in
            guard let sync = state.sync else { throw Broken() }
            return sync
        }
    }

    fileprivate func willStage(_ count: Int) async throws {
        let (hook, number) = state.withLock { state in
            state.batches.append(count)
            return (state.beforeStage, state.batches.count)
        }
        try await hook?(number)
    }

    fileprivate func check() throws {
        if now.failsToCommit { throw Broken() }
    }
}

private final class Playlist: PlaylistStaging {
    let store: MemoryStore
    private let staged = Mutex<[String: PlaylistEntry]>([:])

    private let fingerprint: String
    let known: KnownFile?

    init(store: MemoryStore, fingerprint: String) {
        self.store = store
        self.fingerprint = fingerprint
        known = store.now.files[fingerprint]
    }

    func confirm(scanStart: Date, file: KnownFile) async throws -> PlaylistCounts {
        store.state.withLock {
            $0.confirmed += 1
            $0.files = [fingerprint: file]
        }
        return PlaylistCounts()
    }

    func stage(_ streams: [PlaylistStream]) async throws {
        try await store.willStage(streams.count)
        staged.withLock { for stream in streams { $0[stream.hash] = stream.entry } }
    }

    func commit(groups: [PlaylistGroup], scanStart: Date, file: KnownFile?) async throws -> PlaylistCounts {
        try store.check()
        let new = staged.withLock { $0 }
        return store.state.withLock { state in
            let old = state.streams
            let created = new.keys.count { old[$0] == nil }
            let updated = new.count { old[$0.key] != nil && old[$0.key] != $0.value }
            state.streams = new
            state.files = [fingerprint: file].compactMapValues { $0 }
            state.groups = groups.map(\.name)
            state.groupProperties = Dictionary(uniqueKeysWithValues: groups.map { ($0.name, $0.properties) })
            return PlaylistCounts(created: created, updated: updated, stale: old.keys.count { new[$0] == nil })
        }
    }

    func discard() async { store.state.withLock { $0.discarded += 1 } }
}

private final class Guide: GuideStaging {
    let store: MemoryStore
    let mappedChannels: Set<String>
    private let staged = Mutex<(channels: [String: GuideChannel], programmes: [Programme])>(([:], []))

    private let fingerprint: String
    let known: KnownFile?

    init(store: MemoryStore, mappedChannels: Set<String>, fingerprint: String) {
        self.store = store
        // Of another mapping nothing is known, as in the real one.
        let fingerprint = "\(fingerprint) \(mappedChannels.sorted())"
        self.fingerprint = fingerprint
        known = store.now.files[fingerprint]
        self.mappedChannels = mappedChannels
    }

    func stage(channels: [GuideChannel]) async throws {
        try await store.willStage(channels.count)
        staged.withLock { for channel in channels { $0.channels[channel.id] = channel } }
    }

    func stage(programmes: [Programme]) async throws {
        try await store.willStage(programmes.count)
        staged.withLock { $0.programmes += programmes }
    }

    func commit(file: KnownFile?) async throws -> GuideCounts {
        try store.check()
        let new = staged.withLock { $0 }
        return store.state.withLock { state in
            state.channels = new.channels
            state.files = [fingerprint: file].compactMapValues { $0 }
            state.programmes = new.programmes
            return GuideCounts(channels: new.channels.count, programmes: new.programmes.count)
        }
    }

    func confirm(file: KnownFile) async throws {
        store.state.withLock {
            $0.confirmed += 1
            $0.files = [fingerprint: file]
            $0.discarded += 1
        }
    }

    func discard() async { store.state.withLock { $0.discarded += 1 } }
}

import CeleryProtocol
import Foundation
import Logging
import Synchronization

@testable import Ingest

/// A store in memory: what was staged is seen after the commit, or never.
final class Desk: DirectStore {
    struct State {
        var source: DirectSource
        var mapped: [String]
        /// Which days count as changed; nil means all.
        var changes: [DirectDay]?
        var asked: [DirectDay] = []
        var stations: [GuideChannel] = []
        var schedules: [DirectSchedule] = []
        var programmes: [DirectProgramme] = []
        var reports: [(RefreshStatus, String)] = []
        var events: [JSONObject] = []
        var token: DirectToken?
        /// Of each showing, "-" where the service has none.
        var artwork: [Int: String] = [:]
    }

    let state: Mutex<State>
    var now: State { state.withLock { $0 } }

    init(_ source: DirectSource, mapped: [String]) { state = Mutex(State(source: source, mapped: mapped)) }

    @discardableResult
    func refresh(_ scope: DirectRefresh.Scope, now: Date) async throws -> DirectRefresh.Report {
        try await DirectRefresh(store: self, logger: Logger(label: "test"), now: now).run(source: 4, scope) { event in
            self.state.withLock { $0.events.append(event) }
        }
    }

    func directSource(_ id: Int) async throws -> DirectSource? { now.source.id == id ? now.source : nil }
    func report(_ status: RefreshStatus, _ message: String, source: Int) async throws {
        state.withLock { $0.reports.append((status, message)) }
    }
    func note(_ properties: JSONObject, source: Int) async throws {
        state.withLock { state in
            for (key, value) in properties { state.source.properties[key] = value.isNull ? nil : value }
        }
    }
    func write(_ stations: [GuideChannel], source: Int) async throws { state.withLock { $0.stations = stations } }
    func directToken(source: Int) async throws -> DirectToken? { now.token }
    func keep(_ token: DirectToken?, source: Int) async throws { state.withLock { $0.token = token } }
    func showingsWithoutArtwork(source: Int, only guide: Int?, style: String) async throws -> [DirectShowing] {
        let now = now
        return now.schedules.flatMap(\.airings).enumerated().filter { now.artwork[$0.offset] == nil }
            .map { DirectShowing(id: $0.offset, programme: $0.element.programme) }
    }
    func keepArtwork(_ artwork: [(showing: Int, url: String?)], style: String) async throws {
        state.withLock { state in for item in artwork { state.artwork[item.showing] = item.url ?? "-" } }
    }
    func beginDirect(source: Int, only guide: Int?) async throws -> any DirectStaging { Staging(self) }

    private final class Staging: DirectStaging {
        let desk: Desk
        let stations: [String]
        let staged = Mutex<(schedules: [DirectSchedule], programmes: [DirectProgramme])>(([], []))

        init(_ desk: Desk) {
            self.desk = desk
            stations = desk.now.mapped
        }

        func changed(_ days: [DirectDay]) async throws -> [DirectDay] {
            desk.state.withLock { state in
                state.asked += days
                return state.changes ?? days
            }
        }
        func stage(_ schedules: [DirectSchedule]) async throws { staged.withLock { $0.schedules += schedules } }
        func missingProgrammes(after position: Int, limit: Int) async throws -> (ids: [String], last: Int) {
            let all = staged.withLock { $0.schedules.flatMap(\.airings).map(\.programme) }
            let next = Array(all.dropFirst(position).prefix(limit))
            return (next, position + next.count)
        }
        func stage(_ programmes: [DirectProgramme]) async throws { staged.withLock { $0.programmes += programmes } }
        func commit() async throws -> Int {
            let all = staged.withLock { $0 }
            desk.state.withLock { ($0.schedules, $0.programmes) = (all.schedules, all.programmes) }
            return all.schedules.reduce(0) { $0 + $1.airings.count }
        }
        func discard() async {}
    }
}

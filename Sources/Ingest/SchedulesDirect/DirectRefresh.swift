import CeleryProtocol
public import Foundation
public import Logging

/// Refreshes one source of Schedules Direct: log-in, lineups, then the schedules that have changed and what they show.
///
/// Only what changed is asked for, by the digests that the service gives of each day and each programme. Nothing is
/// seen before the store's commit, but for the stations, which people map before there is a guide. A question that
/// fails ends the refresh; what was there stays.
public struct DirectRefresh: Sendable {
    /// How much of a source is refreshed.
    public enum Scope: Sendable, Equatable {
        /// Stations, then the guides of those that somebody shows; not again within two hours, unless forced.
        case everything(force: Bool)
        /// Stations only, so that they can be mapped.
        case stations
        /// Guides of what somebody shows.
        case mapped
        /// The guide of one guide channel, `epg_epgdata.id`.
        case guide(Int)

        var readsLineups: Bool {
            switch self {
            case .everything, .stations: true
            case .mapped, .guide: false
            }
        }
    }

    /// What a refresh did.
    public struct Report: Sendable, Equatable {
        /// Stations of all lineups; 0 where they were not asked for.
        public var stations = 0
        /// Stations whose guide is read.
        public var mapped = 0
        /// Programmes that were written.
        public var programmes = 0
        /// Showings that got their artwork.
        public var artworks = 0
        /// The source's `last_message`.
        public var message: String
    }

    /// The service's own address.
    public static let address = "https://json.schedulesdirect.org/20141201"
    private static let days = 20
    /// Days of stations in one question; each is an element of some ten kilobytes.
    private static let daysPerQuestion = 500
    private static let programmesPerQuestion = 5000

    let store: any DirectStore
    let options: Download.Options
    let logger: Logger
    let now: Date

    /// A refresher for the sources of a store; days are counted from `now`.
    public init(store: any DirectStore, options: Download.Options = .init(), logger: Logger, now: Date = Date()) {
        self.store = store
        self.options = options
        self.logger = logger
        self.now = now
    }

    /// Refreshes one source; `progress` gets the `data` of each `epg_refresh` event.
    ///
    /// - Throws: `RefreshError`, after it has been written to the source; `CancellationError`.
    public func run(source id: Int, _ scope: Scope, progress: @escaping RefreshProgress) async throws -> Report {
        guard let source = try await store.directSource(id), source.isActive else {
            throw RefreshError(
                code: .notRefreshable, message: "EPG source \(id) is not active, or not one of Schedules Direct.")
        }
        let events = RefreshEvents(type: "epg_refresh", ownerKey: "source", owner: id, send: progress)
        let failures = RefreshFailures(logger: logger, events: events, action: "refresh") { [store] in
            try await store.report(.error, $0, source: id)
        }
        return try await failures.reporting(Self.explain) {
            do throws(Rest) {
                return try await Run(source: source, scope: scope, events: events).result { run async throws in
                    try await refresh(run)
                }
            } catch {
                return try await rest(error, source, events)
            }
        }
    }

    /// Why a refresh ends early although nothing is wrong, or not with us.
    enum Rest: Error {
        case idle(String)
        case failed(any Error)
    }

    struct Run {
        let source: DirectSource
        let scope: Scope
        let events: RefreshEvents

        func result(_ body: (Run) async throws -> Report) async throws(Rest) -> Report {
            do { return try await body(self) } catch let rest as Rest { throw rest } catch { throw .failed(error) }
        }

        func say(_ percent: Double, _ message: String) async {
            await events.send("parsing_programs", percent, .parsing, ["message": .string(message)])
        }
    }

    private func rest(_ rest: Rest, _ source: DirectSource, _ events: RefreshEvents) async throws -> Report {
        switch rest {
        case .failed(let error): throw error
        case .idle(let message):
            try await store.report(.idle, message, source: source.id)
            await events.send("refresh", 100, .idle, ["message": .string(message)])
            return Report(message: message)
        }
    }

    // MARK: - Steps

    private func refresh(_ run: Run) async throws -> Report {
        let source = run.source
        guard !source.username.isEmpty, !source.password.isEmpty else {
            throw RefreshError(code: .download, message: DirectMessages.missing)
        }
        if case .everything(false) = run.scope, source.hasSchedules, let last = source.updatedAt {
            let elapsed = now.timeIntervalSince(last)
            if elapsed >= 0, elapsed < 7200 { throw Rest.idle(DirectMessages.tooSoon(elapsed)) }
        }
        if run.scope.readsLineups {
            try await store.report(.fetching, "Authenticating with Schedules Direct...", source: source.id)
        }
        await run.say(2, "Authenticating with Schedules Direct...")
        let (server, status) = try await logIn(source)
        if status["systemStatus"]?[0]?["status"]?.string == "Offline" { throw Rest.idle(DirectMessages.offline) }
        await run.say(10, "Fetching subscribed lineups...")
        let lineups = try await lineups(server)
        var report = Report(message: "")
        if run.scope.readsLineups {
            guard !lineups.isEmpty else { throw Rest.idle(DirectMessages.noLineups) }
            report.stations = try await readStations(lineups, server, run)
            if case .stations = run.scope {
                return try await finish(report, DirectMessages.stations(report.stations), run)
            }
        }
        return try await readGuides(report, country: Self.country(lineups), server, run)
    }

    /// The numbers of the account's lineups; none when it has none.
    private func lineups(_ server: DirectServer) async throws -> [String] {
        let answer: JSONValue
        do { answer = try await server.ask("lineups") } catch let refusal as DirectRefusal
            where refusal.code == DirectRefusal.noLineups
        { return [] }
        if let refusal = DirectRefusal(answer), refusal.code != DirectRefusal.noLineups { throw refusal }
        return (answer["lineups"]?.array ?? []).compactMap { item in
            guard let lineup = item.object, lineup["isDeleted"]?.bool != true else { return nil }
            return lineup.text("lineupID", "lineup")
        }
    }

    /// `USA` of `USA-NJ29486-X`.
    private static func country(_ lineups: [String]) -> String? {
        lineups.first { $0.contains("-") }?.split(separator: "-").first.map(String.init)
    }

    private func readStations(_ lineups: [String], _ server: DirectServer, _ run: Run) async throws -> Int {
        await run.say(18, "Fetching station metadata for \(lineups.count) lineup(s)...")
        let style = run.source.properties["logo_style"]?.string ?? "dark"
        var stations: [GuideChannel] = []
        var known: Set<String> = []
        for lineup in lineups {
            let answer = try await server.ask("lineups/\(XtreamLogin.escaped(lineup))")
            for item in answer["stations"]?.array ?? [] {
                guard let station = item.object, let id = station.text("stationID"), known.insert(id).inserted else {
                    continue
                }
                stations.append(
                    GuideChannel(
                        id: id, name: (station.text("name") ?? id).cut(to: 512), icon: Self.logo(station, style: style))
                )
            }
        }
        guard !stations.isEmpty else { throw RefreshError(code: .content, message: DirectMessages.noStations) }
        try await store.report(.parsing, "Syncing \(stations.count) stations...", source: run.source.id)
        await run.say(28, "Syncing \(stations.count) stations to database...")
        try await store.write(stations, source: run.source.id)
        return stations.count
    }

    private static func logo(_ station: JSONObject, style: String) -> String? {
        let logos = station["stationLogo"]?.array?.compactMap(\.object) ?? []
        let logo = logos.first { $0.text("category") == style } ?? logos.first ?? station["logo"]?.object
        return logo?.text("URL", "url").flatMap { $0.utf8.count <= 500 ? $0 : nil }
    }

    private func readGuides(_ report: Report, country: String?, _ server: DirectServer, _ run: Run) async throws
        -> Report
    {
        var report = report
        var only: Int?
        if case .guide(let id) = run.scope { only = id }
        let staging = try await store.beginDirect(source: run.source.id, only: only)
        return try await discarding(staging.discard) {
            report.mapped = staging.stations.count
            guard report.mapped > 0 else {
                await staging.discard()
                let message =
                    run.scope.readsLineups
                    ? DirectMessages.unmapped(report.stations) : "No channels mapped to this Schedules Direct source."
                return try await finish(report, message, run)
            }
            await run.say(33, "Checking schedule MD5s for \(report.mapped) mapped stations over \(Self.days) days...")
            let changed = try await changedDays(staging, server)
            guard !changed.isEmpty else {
                _ = try await staging.commit()
                report.artworks = try await readArtwork(only: only, server, run)
                return try await finish(report, DirectMessages.unchanged, run)
            }
            try await readSchedules(changed, staging, server, run)
            try await readProgrammes(staging, server, country: country, run)
            try Task.checkCancellation()
            await run.say(88, "Writing programs...")
            report.programmes = try await staging.commit()
            report.artworks = try await readArtwork(only: only, server, run)
            return try await finish(
                report, DirectMessages.fetched(report.programmes, stations: report.mapped), run)
        }
    }

    private func changedDays(_ staging: any DirectStaging, _ server: DirectServer) async throws -> [DirectDay] {
        let dates = (0..<Self.days).map { JSONValue.string(Self.day(now.addingTimeInterval(Double($0) * 86_400))) }
        let wanted = Set(dates.compactMap(\.string))
        var changed: [DirectDay] = []
        for chunk in staging.stations.chunks(of: 250) {
            let question = chunk.map { JSONValue.object(["stationID": .string($0), "date": .array(dates)]) }
            let answer = try await server.ask("schedules/md5", .array(question))
            if let refusal = DirectRefusal(answer) { throw refusal }
            var days: [DirectDay] = []
            for (station, byDate) in answer.object ?? [:] {
                for (date, facts) in byDate.object ?? [:] where wanted.contains(date) {
                    guard DirectRefusal(facts) == nil else { continue }
                    days.append(DirectDay(station: station, date: date, digest: facts.object?.text("md5") ?? ""))
                }
            }
            changed += try await staging.changed(days)
        }
        return changed
    }

    private func readSchedules(
        _ days: [DirectDay], _ staging: any DirectStaging, _ server: DirectServer, _ run: Run
    ) async throws {
        let chunks = days.chunks(of: Self.daysPerQuestion)
        let found = Counter()
        for (index, chunk) in chunks.enumerated() {
            await run.say(
                38 + 22 * Double(index) / Double(chunks.count),
                "Fetching schedules: batch \(index + 1) of \(chunks.count)...")
            let question = Dictionary(grouping: chunk, by: \.station).sorted { $0.key < $1.key }.map {
                JSONValue.object(["stationID": .string($0.key), "date": .array($0.value.map { .string($0.date) })])
            }
            try await server.list("schedules", .array(question)) { elements in
                let schedules = elements.compactMap(DirectSchedule.init)
                try await staging.stage(schedules)
                await found.add(schedules.reduce(0) { $0 + $1.airings.count })
            }
        }
        guard await found.total > 0 else { throw RefreshError(code: .content, message: DirectMessages.noData) }
    }

    private func readProgrammes(
        _ staging: any DirectStaging, _ server: DirectServer, country: String?, _ run: Run
    ) async throws {
        var position = 0
        var done = 0
        while true {
            let (ids, last) = try await staging.missingProgrammes(after: position, limit: Self.programmesPerQuestion)
            guard !ids.isEmpty else { return }
            await run.say(60 + min(20, Double(done) / 5000), "Fetching program data: \(grouped(done)) programs loaded")
            try await server.list("programs", .array(ids.map(JSONValue.string))) { elements in
                try await staging.stage(elements.compactMap { DirectProgramme($0, country: country) })
            }
            position = last
            done += ids.count
        }
    }

    private func finish(_ report: Report, _ message: String, _ run: Run) async throws -> Report {
        var report = report
        report.message = message
        try await store.report(.success, message, source: run.source.id)
        await run.events.send(
            "parsing_programs", 100, .success,
            [
                "message": .string(message), "processed": .int(report.programmes), "channels": .int(report.stations),
                "updated_at": .string(Date().formatted(.iso8601)),
            ])
        return report
    }

    // MARK: - Words and days

    private static func explain(_ error: any Error) -> RefreshError {
        switch error {
        case let error as RefreshError: error
        case let refusal as DirectRefusal:
            RefreshError(code: .download, message: refusal.message, isTransient: refusal.isSoft)
        case let error as DownloadError:
            RefreshError(
                code: .download, message: "Schedules Direct cannot be asked: \(error.detail)",
                isTransient: error.isTransient)
        case let error as DecompressionError: RefreshError(code: .content, message: error.message)
        default: RefreshError(code: .store, message: "\(GuideMessages.unfinished): \(error)")
        }
    }

    private static func day(_ date: Date) -> String { String(date.formatted(.iso8601).prefix(10)) }
}

private actor Counter {
    var total = 0
    func add(_ count: Int) { total += count }
}

extension Array {
    /// In pieces of at most so many elements.
    func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}

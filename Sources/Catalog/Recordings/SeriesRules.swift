public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// What evaluating the series rules did.
public struct SeriesEvaluation: Sendable, Equatable {
    /// Recordings that were made.
    public var scheduled: [Recording] = []
    /// For each rule its `tvg_id`, its `title`, how many were `scheduled`, and a `status` in words.
    public var details: [JSONObject] = []
}

extension RecordingTable {
    /// Schedules what series rules ask for, from now to a week ahead.
    ///
    /// The rules are `series_rules` of the DVR settings: `tvg_id`, `title` (empty means every programme of the
    /// channel), `mode` `all` or `new`. A programme is recorded once: not again at another time of the same episode,
    /// and not when it is recorded already. The channel is the one with the lowest number that shows the guide
    /// channel.
    ///
    /// - Parameters:
    ///   - tvgID: Only the rules of this guide id; nil means all.
    ///   - now: When it is.
    /// - Returns: What was scheduled, rule by rule.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func evaluateSeriesRules(tvgID: String? = nil, at now: Date = Date()) async throws -> SeriesEvaluation {
        try await pool.write { db in
            let rules = try SettingsTable.values(db, .dvr)["series_rules"]?.array?.compactMap(SeriesRule.init) ?? []
            var evaluation = SeriesEvaluation()
            let offsets = try RecordingOffsets(db)
            var planned = try PlannedProgrammes(db, now)
            for rule in rules where tvgID == nil || rule.tvgID == tvgID {
                let made = try rule.schedule(db, offsets, now, &planned)
                evaluation.scheduled += made.recordings
                evaluation.details.append([
                    "tvg_id": .string(rule.tvgID), "title": .string(rule.title), "status": .string(made.status),
                    "scheduled": .int(made.recordings.count),
                ])
            }
            return evaluation
        }
    }
}

/// One element of `series_rules`.
private struct SeriesRule {
    let tvgID: String
    let title: String
    let wantsNewOnly: Bool

    init?(_ json: JSONValue) {
        guard let tvgID = json["tvg_id"]?.string, !tvgID.isEmpty else { return nil }
        self.tvgID = tvgID
        title = json["title"]?.string ?? ""
        wantsNewOnly = json["mode"]?.string == "new"
    }

    func schedule(
        _ db: Database, _ offsets: RecordingOffsets, _ now: Date, _ planned: inout PlannedProgrammes
    ) throws -> (recordings: [Recording], status: String) {
        let guides = try Int.fetchAll(
            db, sql: #"SELECT "id" FROM "epg_epgdata" WHERE "tvg_id" = ? ORDER BY "id""#, arguments: [tvgID])
        guard !guides.isEmpty else { return ([], "no_epg_match") }
        let shown = try Row.fetchOne(
            db,
            sql: """
                SELECT effective."id", effective."epg_data_id" FROM (\(ChannelTable.effective)) AS effective
                WHERE effective."epg_data_id" IN (SELECT "value" FROM json_each(?))
                ORDER BY effective."channel_number" IS NULL, effective."channel_number", effective."id" LIMIT 1
                """,
            arguments: [guides.jsonText])
        guard let shown else { return ([], "no_channel_for_epg") }
        let programmes = try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM "epg_programdata" WHERE "epg_id" = ?1 AND "end_time" > ?2 AND "start_time" < ?3
                ORDER BY "start_time"
                """,
            arguments: [
                shown["epg_data_id"] as Int, DjangoTime.text(now), DjangoTime.text(now.addingTimeInterval(7 * 86_400)),
            ])
        var made: [Recording] = []
        for programme in programmes.compactMap({ SeriesProgramme($0, tvgID: tvgID) }) where wants(programme) {
            guard planned.add(programme) else { continue }
            let (start, end) = offsets.widen(programme.start, programme.end)
            made.append(
                try RecordingTable.insert(
                    db, channel: shown["id"], start: start, end: end, properties: ["program": programme.json]))
        }
        return (made, made.isEmpty ? "no_new_programs" : "created")
    }

    private func wants(_ programme: SeriesProgramme) -> Bool {
        guard title.isEmpty || programme.title.lowercased() == title.lowercased() else { return false }
        return !wantsNewOnly || programme.isNew
    }
}

/// A programme as a recording keeps it.
private struct SeriesProgramme {
    let start: Date
    let end: Date
    let title: String
    let isNew: Bool
    /// The same for the same episode at another time; nil when the guide does not say which it is.
    let episode: String?
    let json: JSONValue

    init?(_ row: Row, tvgID: String) {
        guard let start = row.time("start_time"), let end = row.time("end_time") else { return nil }
        let properties = row.object("custom_properties")
        self.start = start
        self.end = end
        title = row["title"]
        isNew = properties["new"]?.bool ?? (properties["previously_shown"]?.bool == false)
        if let season = properties["season"]?.int, let number = properties["episode"]?.int {
            episode = "\(title.lowercased())|\(season)|\(number)"
        } else if let id = properties["dd_progid"]?.string ?? row["program_id"] {
            episode = id
        } else {
            episode = nil
        }
        json = [
            "id": .int(row["id"]), "tvg_id": .string(tvgID), "title": .string(title),
            "sub_title": JSONValue(row["sub_title"] as String?),
            "description": JSONValue(row["description"] as String?),
            "start_time": .string(DjangoTime.isoText(start)), "end_time": .string(DjangoTime.isoText(end)),
            "season": properties["season"] ?? .null, "episode": properties["episode"] ?? .null,
            "dd_progid": properties["dd_progid"] ?? .null,
        ]
    }
}

/// What is recorded already, or will be.
private struct PlannedProgrammes {
    private var known: Set<String> = []

    init(_ db: Database, _ now: Date) throws {
        for recording in try RecordingTable.fetch(db, "1") {
            guard let program = recording.properties["program"] else { continue }
            let tvgID = program["tvg_id"]?.string ?? ""
            if let start = program["start_time"]?.string.flatMap(DjangoTime.date) {
                known.insert(Self.slot(tvgID, start))
            }
            guard let title = program["title"]?.string else { continue }
            if let season = program["season"]?.int, let number = program["episode"]?.int {
                known.insert("\(title.lowercased())|\(season)|\(number)")
            }
            if let id = program["dd_progid"]?.string { known.insert(id) }
        }
    }

    /// False for one that is there already.
    mutating func add(_ programme: SeriesProgramme) -> Bool {
        let tvgID = programme.json["tvg_id"]?.string ?? ""
        let isNewSlot = known.insert(Self.slot(tvgID, programme.start)).inserted
        guard let episode = programme.episode else { return isNewSlot }
        return known.insert(episode).inserted && isNewSlot
    }

    private static func slot(_ tvgID: String, _ start: Date) -> String { "\(tvgID)@\(DjangoTime.text(start))" }
}

public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// One row of `dispatcharr_channels_recording`.
public struct Recording: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// Which channel is recorded.
    public let channelID: Int
    /// When it begins.
    public var start: Date
    /// When it ends.
    public var end: Date
    /// The schedule that starts it, `dvr-recording-<id>`.
    public let scheduleName: String?
    /// `status`, `program`, `rule`, `file_path`, `poster_url` and whatever else is known of it.
    public var properties: JSONObject

    /// `recording`, `completed`, `interrupted`, `stopped`; nil for one that has not begun.
    public var status: String? { properties["status"]?.string }

    init(_ row: Row) {
        id = row["id"]
        channelID = row["channel_id"]
        start = row.time("start_time") ?? .distantPast
        end = row.time("end_time") ?? .distantPast
        scheduleName = row["task_id"]
        properties = row.object("custom_properties")
    }
}

/// `dispatcharr_channels_recording` and the schedules that start recordings.
public struct RecordingTable: Sendable {
    let pool: DatabasePool
    static let table = "dispatcharr_channels_recording"

    /// The recording with that identifier, or nil.
    public func find(_ id: Int) async throws -> Recording? {
        try await pool.read { try Self.fetch($0, #""id" = ?"#, [id]).first }
    }

    /// Every recording that has begun and is neither over nor stopped by a person.
    ///
    /// Those whose time has passed are among them: a crash may have left their pieces.
    public func unfinished(at now: Date = Date()) async throws -> [Recording] {
        try await pool.read { db in
            try Self.fetch(db, #""start_time" <= ? ORDER BY "start_time""#, [DjangoTime.text(now)])
                .filter { recording in
                    switch recording.status {
                    case "completed", "stopped": false
                    case "recording": true
                    // Interrupted, or never begun because nothing ran at its time.
                    default: recording.end > now
                    }
                }
        }
    }

    /// Adds a recording and the schedule that starts it.
    @discardableResult
    public func create(channel: Int, start: Date, end: Date, properties: JSONObject = [:]) async throws -> Recording {
        try await pool.write { db in
            try Self.insert(db, channel: channel, start: start, end: end, properties: properties)
        }
    }

    /// Merges values into a recording's properties; a null takes a key out.
    ///
    /// - Returns: The recording afterwards; nil when it is gone.
    @discardableResult
    public func note(_ id: Int, _ changes: JSONObject) async throws -> Recording? {
        try await pool.write { db in
            guard var recording = try Self.fetch(db, #""id" = ?"#, [id]).first else { return nil }
            for (key, value) in changes {
                if value.isNull {
                    _ = recording.properties.removeValue(forKey: key)
                } else {
                    recording.properties[key] = value
                }
            }
            try db.execute(
                sql: #"UPDATE "dispatcharr_channels_recording" SET "custom_properties" = ? WHERE "id" = ?"#,
                arguments: [JSONValue.object(recording.properties).text, id])
            return recording
        }
    }

    /// Moves the recordings to come to the lead and trail times of the settings.
    ///
    /// Only those that were made for a programme, whose own times they keep in `program`.
    ///
    /// - Returns: How many were moved of how many, and the minutes before and after.
    public func applyOffsets(at now: Date = Date()) async throws -> (changed: Int, scanned: Int, pre: Int, post: Int) {
        try await pool.write { db in
            let offsets = try RecordingOffsets(db)
            let upcoming = try Self.fetch(db, #""start_time" > ?"#, [DjangoTime.text(now)])
            var changed = 0
            for recording in upcoming where recording.status == nil {
                guard let program = recording.properties["program"],
                    let start = program["start_time"]?.string.flatMap(DjangoTime.date),
                    let end = program["end_time"]?.string.flatMap(DjangoTime.date)
                else { continue }
                let (newStart, newEnd) = offsets.widen(start, end)
                guard (newStart, newEnd) != (recording.start, recording.end) else { continue }
                try Self.move(db, recording, start: newStart, end: newEnd)
                changed += 1
            }
            return (changed, upcoming.count, offsets.pre, offsets.post)
        }
    }
}

/// Minutes by which a recording begins earlier and ends later than its programme.
struct RecordingOffsets {
    let pre: Int
    let post: Int

    init(_ db: Database) throws {
        let settings = try SettingsTable.values(db, .dvr)
        pre = max(0, settings["pre_offset_minutes"]?.int ?? 0)
        post = max(0, settings["post_offset_minutes"]?.int ?? 0)
    }

    func widen(_ start: Date, _ end: Date) -> (Date, Date) {
        (start.addingTimeInterval(-60 * Double(pre)), end.addingTimeInterval(60 * Double(post)))
    }
}

extension RecordingTable {
    static func fetch(_ db: Database, _ condition: String, _ arguments: StatementArguments = []) throws -> [Recording] {
        try Row.fetchAll(
            db, sql: #"SELECT * FROM "dispatcharr_channels_recording" WHERE \#(condition)"#, arguments: arguments
        ).map(Recording.init)
    }

    static func insert(
        _ db: Database, channel: Int, start: Date, end: Date, properties: JSONObject
    ) throws -> Recording {
        var row = RowChanges()
        row.set("channel_id", channel)
        row.set("start_time", DjangoTime.text(start))
        row.set("end_time", DjangoTime.text(end))
        row.set("custom_properties", JSONValue.object(properties).text)
        let id = try row.insert(db, table: table)
        try schedule(db, id, channel: channel, start: start, end: end)
        guard let recording = try fetch(db, #""id" = ?"#, [id]).first else { throw CatalogError.notFound(table, id) }
        return recording
    }

    /// Removes recordings with what starts them; their files stay.
    static func remove(_ db: Database, _ recordings: [Recording]) throws {
        for recording in recordings {
            if let name = recording.scheduleName { _ = try PeriodicTasks.delete(db, named: name) }
            try db.execute(
                sql: #"DELETE FROM "dispatcharr_channels_recording" WHERE "id" = ?"#, arguments: [recording.id])
        }
    }

    static func move(_ db: Database, _ recording: Recording, start: Date, end: Date) throws {
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_recording" SET "start_time" = ?, "end_time" = ? WHERE "id" = ?
                """,
            arguments: [DjangoTime.text(start), DjangoTime.text(end), recording.id])
        if let name = recording.scheduleName { _ = try PeriodicTasks.delete(db, named: name) }
        try schedule(db, recording.id, channel: recording.channelID, start: start, end: end)
    }

    /// A clocked one-off called `dvr-recording-<id>` on the default queue, as Django's signal writes it; at once for one
    /// that has begun, none for one that is over.
    private static func schedule(_ db: Database, _ id: Int, channel: Int, start: Date, end: Date) throws {
        guard end > Date() else { return }
        let name = "dvr-recording-\(id)"
        _ = try PeriodicTasks.delete(db, named: name)
        var draft = ScheduleDraft(
            name: name, task: "apps.channels.tasks.run_recording", recurrence: .clocked(max(start, Date())))
        draft.arguments = [
            .int(id), .int(channel), .string(DjangoTime.isoText(start)), .string(DjangoTime.isoText(end)),
        ]
        draft.isOneOff = true
        _ = try PeriodicTasks.insert(db, draft)
        try db.execute(
            sql: #"UPDATE "dispatcharr_channels_recording" SET "task_id" = ? WHERE "id" = ?"#, arguments: [name, id])
    }
}

extension DjangoTime {
    /// As Python prints an aware time: `2026-11-23 05:30:00+00:00`.
    public static func isoText(_ date: Date) -> String { text(date) + "+00:00" }
}

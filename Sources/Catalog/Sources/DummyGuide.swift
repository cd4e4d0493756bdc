import GRDB

/// The one guide channel that a source of the kind `dummy` has: channels are mapped to it, and nothing is fetched.
enum DummyGuide {
    /// Makes it, or gives it the source's new name.
    static func make(_ db: Database, source id: Int, _ draft: EPGSourceDraft) throws {
        guard draft.kind == .dummy else { return }
        try db.execute(
            sql: """
                INSERT INTO "epg_epgdata" ("tvg_id", "name", "epg_source_id") VALUES (?, ?, ?)
                ON CONFLICT ("tvg_id", "epg_source_id") DO UPDATE SET "name" = excluded."name"
                """,
            arguments: [tvgID(draft.name), draft.name, id])
    }

    /// `dummy_my_guide` of `My Guide!`, as Dispatcharr makes it.
    static func tvgID(_ name: String) -> String {
        let joined = name.map { $0 == " " || $0 == "-" ? "_" : $0 }
        return "dummy_\(String(joined.filter { $0.isLetter || $0.isNumber || $0 == "_" }).lowercased())".cut(to: 255)
    }
}

extension EPGSourceTable {
    /// The guide channel of a source of the kind `dummy`, `epg_epgdata.id`; nil for other kinds.
    public func dummyGuide(of source: Int) async throws -> Int? {
        try await pool.read { db in
            let row = try Self.get(db, source)
            guard row.draft.kind == .dummy else { return nil }
            return try Int.fetchOne(
                db, sql: #"SELECT "id" FROM "epg_epgdata" WHERE "epg_source_id" = ? AND "tvg_id" = ?"#,
                arguments: [source, DummyGuide.tvgID(row.draft.name)])
        }
    }
}

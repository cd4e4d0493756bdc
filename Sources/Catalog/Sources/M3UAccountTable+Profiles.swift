public import CeleryProtocol
public import FoundationEssentials
import GRDB

extension M3UAccountTable {
    /// The account of a profile, or nil.
    public func account(ofProfile id: Int) async throws -> Int? {
        try await pool.read { db in
            try Int.fetchOne(
                db, sql: #"SELECT "m3u_account_id" FROM "m3u_m3uaccountprofile" WHERE "id" = ?"#, arguments: [id])
        }
    }

    /// Writes what the provider says about a profile's user; other keys of its `custom_properties` stay.
    public func saveInfo(ofProfile id: Int, _ info: JSONObject, expires: Date?) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    UPDATE "m3u_m3uaccountprofile"
                    SET "custom_properties" = json_patch(ifnull("custom_properties", '{}'), ?), "exp_date" = ?
                    WHERE "id" = ?
                    """,
                arguments: [JSONValue.object(info).text, expires.map(DjangoTime.text), id])
        }
    }
}

import Testing

@testable import Catalog

@Suite("Groups and permissions") struct GroupTests {
    @Test func `every model has Django's four permissions`() async throws {
        try await withCatalog { catalog in
            let permissions = try await catalog.groups.permissions()
            let names = Set(permissions.map(\.codename))
            for name in ["add_channel", "change_user", "delete_pluginrepo", "view_periodictask"] {
                #expect(names.contains(name))
            }
            #expect(permissions.first { $0.codename == "add_m3uaccount" }?.name == "Can add m3u account")
            let types = try await catalog.count("SELECT count(*) FROM django_content_type")
            #expect(permissions.count == 4 * types && types > 40)
            #expect(Set(permissions.map(\.id)).count == permissions.count)
        }
    }

    @Test func `a group is made, changed and removed, and its people stay`() async throws {
        try await withCatalog { catalog in
            let table = catalog.groups
            let some = try await table.permissions().prefix(3).map(\.id)
            let made = try await table.insert(name: "family", permissions: [some[1], some[0], some[1]])
            #expect(made.permissions == [some[0], some[1]].sorted())
            let twice = await #expect(throws: CatalogError.self) {
                _ = try await table.insert(name: "family", permissions: [])
            }
            #expect(twice?.code == .duplicate)
            for (name, permissions) in [("", []), (String(repeating: "x", count: 151), []), ("x", [999_999])] {
                let error = await #expect(throws: CatalogError.self) {
                    _ = try await table.insert(name: name, permissions: permissions)
                }
                #expect(error?.code == .invalidValue)
            }
            #expect(try await table.all().count == 1)
            try await catalog.run(
                """
                INSERT INTO accounts_user (password, is_superuser, username, first_name, last_name, email, is_staff,
                    is_active, date_joined, user_level, stream_limit)
                VALUES ('', 0, 'sam', '', '', '', 0, 1, '2026-01-01 00:00:00', 0, 0);
                INSERT INTO accounts_user_groups (user_id, group_id) SELECT 1, id FROM auth_group;
                """)
            let renamed = try await table.update(made.id, name: "friends")
            #expect(renamed.name == "friends" && renamed.permissions == made.permissions)
            #expect(try await table.update(made.id, permissions: []).permissions == [])
            try await table.delete(made.id)
            #expect(try await table.all().isEmpty)
            #expect(try await catalog.users.all().map(\.username) == ["sam"])
            #expect(try await catalog.findings().isEmpty)
            let gone = await #expect(throws: CatalogError.self) { try await table.delete(made.id) }
            #expect(gone?.code == .notFound)
        }
    }
}

import CeleryProtocol
import Foundation
import Testing

@testable import Catalog

@Suite("Plugin repositories") struct PluginRepositoryTests {
    private static func manifest(_ offers: [String: Bool], _ entries: [JSONValue] = []) -> FetchedManifest {
        FetchedManifest(
            name: "Home", document: ["manifest": ["plugins": .array(entries)]], isSignatureRight: nil, offers: offers)
    }

    private static func install(_ repository: Int, _ slug: String) -> RepositoryInstall {
        RepositoryInstall(
            repository: repository, slug: slug, version: "1.0", isPrerelease: false, isDeprecated: false)
    }

    @Test func `the official repository comes first, where Dispatcharr has moved it`() async throws {
        try await withCatalog { catalog in
            _ = try await catalog.pluginRepositories.insert(url: "https://a", publicKey: "", Self.manifest([:]))
            let all = try await catalog.pluginRepositories.all()
            #expect(all.map(\.isOfficial) == [true, false])
            #expect(all[0].url == "https://dispatcharr.github.io/Plugins/manifest.json")
            #expect(all[0].lastFetched == nil && all[0].document.isEmpty)
        }
    }

    @Test func `an address is a repository's once`() async throws {
        try await withCatalog { catalog in
            let table = catalog.pluginRepositories
            let added = try await table.insert(url: "https://a", publicKey: "K", Self.manifest([:]))
            #expect(added.name == "Home" && added.publicKey == "K" && added.isEnabled && added.lastFetched != nil)
            #expect(try await table.knows("https://a"))
            #expect(try await !table.knows("https://b"))
            let twice = await #expect(throws: CatalogError.self) {
                _ = try await table.insert(url: "https://a", publicKey: "", Self.manifest([:]))
            }
            #expect(twice?.code == .duplicate)
            let long = await #expect(throws: CatalogError.self) {
                let url = "https://" + String(repeating: "a", count: 200)
                _ = try await table.insert(url: url, publicKey: "", Self.manifest([:]))
            }
            #expect(long?.code == .invalidValue)
        }
    }

    @Test func `a new manifest lets go of what it no longer offers`() async throws {
        try await withCatalog { catalog in
            let table = catalog.pluginRepositories
            let id = try await table.insert(url: "https://a", publicKey: "", Self.manifest([:])).id
            try await catalog.plugins.synchronize(
                with: ["kept", "gone", "other"].map { DiscoveredPlugin(key: $0, name: $0) })
            try await catalog.plugins.link("kept", to: Self.install(id, "kept-slug"))
            try await catalog.plugins.link("gone", to: Self.install(id, "gone-slug"))
            try await catalog.plugins.link("other", to: Self.install(1, "gone-slug"))
            let dropped = try await table.take(Self.manifest(["kept-slug": true]), for: id).dropped
            #expect(dropped == ["gone"])
            let rows = try await catalog.plugins.all()
            #expect(rows.map(\.key) == ["gone", "kept", "other"])
            #expect(rows.map(\.repository) == [nil, id, 1])
            #expect(rows.map(\.slug) == ["", "kept-slug", "gone-slug"])
            #expect(rows.map(\.isDeprecated) == [false, true, false])
        }
    }

    @Test func `a failure keeps the manifest`() async throws {
        try await withCatalog { catalog in
            let table = catalog.pluginRepositories
            let row = try await table.insert(url: "https://a", publicKey: "", Self.manifest(["a": false]))
            try await table.noteFailure(row.id, status: String(repeating: "x", count: 300))
            let now = try #require(try await table.find(row.id))
            #expect(now.lastFetchStatus.count == 255 && now.document == row.document && now.name == "Home")
        }
    }

    @Test func `what is offered now is read inside the database, whatever stands there`() async throws {
        try await withCatalog { catalog in
            let table = catalog.pluginRepositories
            let entries: [JSONValue] = [
                1, "text", [], .null, ["slug": "a", "latest_version": "2.0"], ["slug": "b", "latest_version": [1]],
                ["slug": "c"],
            ]
            let id = try await table.insert(url: "https://a", publicKey: "", Self.manifest([:], entries)).id
            try await catalog.plugins.synchronize(
                with: ["a", "b", "c", "d"].map { DiscoveredPlugin(key: $0, name: $0) })
            #expect(try await table.origins().isEmpty)
            for slug in ["a", "b", "c"] { try await catalog.plugins.link(slug, to: Self.install(id, slug)) }
            let origins = try await table.origins()
            #expect(origins.mapValues(\.latestVersion) == ["a": "2.0", "b": "[1]", "c": ""])
            #expect(origins["a"]?.name == "Home" && origins["a"]?.repository == id)
            try await table.update(id, isEnabled: false)
            #expect(try await table.origins()["a"]?.latestVersion == "")
            try await catalog.run("UPDATE plugins_pluginrepo SET cached_manifest = '[]', enabled = 1")
            #expect(try await table.origins()["a"]?.latestVersion == "")
        }
    }

    @Test func `the official one stays, and plugins outlive the others`() async throws {
        try await withCatalog { catalog in
            let table = catalog.pluginRepositories
            let official = await #expect(throws: CatalogError.self) { try await table.delete(1) }
            #expect(official?.code == .locked)
            let id = try await table.insert(url: "https://a", publicKey: "", Self.manifest([:])).id
            try await catalog.plugins.synchronize(with: [DiscoveredPlugin(key: "a", name: "a")])
            try await catalog.plugins.link("a", to: Self.install(id, "a"))
            try await table.delete(id)
            #expect(try await catalog.plugins.find("a")?.repository == nil)
            let gone = await #expect(throws: CatalogError.self) { try await table.delete(id) }
            #expect(gone?.code == .notFound)
        }
    }

    @Test func `the schedule follows the setting, and other settings of the group stay`() async throws {
        try await withCatalog { catalog in
            let table = catalog.pluginRepositories
            func schedules() async throws -> [Schedule] {
                try await catalog.schedules.all().filter { $0.name == PluginRepositoryTable.scheduleName }
            }
            try await catalog.settings.update(.pluginRepositories, with: ["mine": 1])
            try await table.schedule()
            let before = try await catalog.dump("django_celery_beat_periodictask")
            try await table.schedule()
            #expect(try await catalog.dump("django_celery_beat_periodictask") == before)
            #expect(try await schedules().map(\.recurrence) == [.interval(every: 6, period: .hours)])
            #expect(try await table.setRefreshHours(1 << 40) == 8760)
            #expect(try await table.setRefreshHours(0) == 0)
            try await table.schedule()
            #expect(try await schedules().isEmpty)
            try await catalog.settings.update(.pluginRepositories, with: ["refresh_interval_hours": 3])
            #expect(try await schedules().map(\.recurrence) == [.interval(every: 3, period: .hours)])
            try await catalog.settings.update(.pluginRepositories, with: ["refresh_interval_hours": 0])
            #expect(try await schedules().isEmpty)
            let values = try await catalog.settings.values(of: .pluginRepositories)
            #expect(values["mine"] == 1 && values["refresh_interval_hours"] == 0)
        }
    }

    @Test func `a plugin that states no version keeps the one it was installed as`() async throws {
        try await withCatalog { catalog in
            let found = DiscoveredPlugin(key: "a", name: "a")
            try await catalog.plugins.synchronize(with: [found])
            try await catalog.plugins.link("a", to: Self.install(1, "a"))
            try await catalog.plugins.synchronize(with: [found])
            #expect(try await catalog.plugins.find("a")?.version == "1.0")
            #expect(try await catalog.plugins.unlink("a"))
            #expect(try await !catalog.plugins.unlink("a"))
            #expect(try await catalog.plugins.find("a")?.slug == "")
        }
    }
}

import CeleryProtocol
import Foundation
import Testing

@testable import Catalog

@Suite("Plugins") struct PluginTableTests {
    private let found = DiscoveredPlugin(
        key: "my_plugin", name: "My Plugin", version: "1.0.0", description: "Does work")

    @Test func `a discovered plugin gets a disabled row, once`() async throws {
        try await withCatalog { catalog in
            #expect(try await catalog.plugins.synchronize(with: [found]) == ["my_plugin"])
            #expect(try await catalog.plugins.synchronize(with: [found]) == [])
            let row = try #require(try await catalog.plugins.find("my_plugin"))
            #expect(!row.isEnabled && !row.wasEverEnabled)
            #expect(row.settings.isEmpty)
            #expect((row.name, row.version, row.description) == ("My Plugin", "1.0.0", "Does work"))
        }
    }

    @Test func `discovering it again writes only what changed, and keeps the settings`() async throws {
        try await withCatalog { catalog in
            try await catalog.plugins.synchronize(with: [found])
            try await catalog.plugins.replaceSettings(of: "my_plugin", with: ["limit": 5])
            let before = try await catalog.dump("plugins_pluginconfig")
            try await catalog.plugins.synchronize(with: [found])
            #expect(try await catalog.dump("plugins_pluginconfig") == before)
            var newer = found
            newer.version = "2.0.0"
            try await catalog.plugins.synchronize(with: [newer])
            let row = try #require(try await catalog.plugins.find("my_plugin"))
            #expect(row.version == "2.0.0")
            #expect(row.settings == ["limit": 5])
        }
    }

    @Test func `the first permission is remembered as trust`() async throws {
        try await withCatalog { catalog in
            try await catalog.plugins.synchronize(with: [found])
            #expect(try await catalog.plugins.setEnabled("my_plugin", true).wasEverEnabled)
            let off = try await catalog.plugins.setEnabled("my_plugin", false)
            #expect(!off.isEnabled && off.wasEverEnabled)
        }
    }

    @Test func `settings keep their digits`() async throws {
        try await withCatalog { catalog in
            try await catalog.plugins.synchronize(with: [found])
            let settings = try JSONValue(parsing: #"{"big":12345678901234567890,"float":1.0,"words":["ä",null]}"#)
            try await catalog.plugins.replaceSettings(of: "my_plugin", with: settings.object ?? [:])
            #expect(try await catalog.plugins.settings(of: "my_plugin") == settings.object)
        }
    }

    @Test func `an unknown plugin is reported and has no settings`() async throws {
        try await withCatalog { catalog in
            let error = await #expect(throws: CatalogError.self) { try await catalog.plugins.setEnabled("none", true) }
            #expect(error?.code == .notFound)
            let settings = try await catalog.plugins.settings(of: "none")
            #expect(settings.isEmpty)
            #expect(try await catalog.plugins.delete("none") == false)
        }
    }
}

import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Plugin hub", .timeLimit(.minutes(5))) struct HubTests {
    private static let offer: JSONValue = [
        "slug": "weather", "name": "Weather", "latest_version": "1.1.0", "latest_url": "zips/weather.zip",
        "manifest_url": "weather/manifest.json", "repo_url": "javascript:alert(1)",
    ]

    @Test func `a fresh database knows the official repository, which stays`() async throws {
        try await APIFixture.withServer { fixture, client in
            let list = try await client.send(.get, "/api/plugins/repos/")
            let official = try #require(list.json[0])
            #expect(official["name"] == "Dispatcharr Official" && official["is_official"] == true)
            #expect(official["url"] == "https://dispatcharr.github.io/Plugins/manifest.json")
            #expect(official["last_fetched"] == .null && official["signature_verified"] == .null)
            let id = try #require(official["id"]?.int)
            let refused = try await client.send(.delete, "/api/plugins/repos/\(id)/")
            #expect(refused.status == 400 && refused.error == "Cannot delete the official repository")
        }
    }

    @Test func `a repository is added with what it offers, changed, read again and removed`() async throws {
        try await LocalHub.with { hub in
            hub.put("/manifest.json", LocalHub.manifest([Self.offer], more: ["registry_url": "https://r.example"]))
            try await APIFixture.withServer { fixture, client in
                let added = try await client.send(
                    .post, "/api/plugins/repos/", json: ["url": .string(hub.manifestURL), "name": "x", "id": 99])
                #expect(added.status == 201, "\(added)")
                #expect(added.json["name"] == "Home Plugins" && added.json["plugin_count"] == 1)
                #expect(added.json["registry_url"] == "https://r.example" && added.json["is_official"] == false)
                #expect(added.json["signature_verified"] == .null && added.json["last_fetch_status"] == "200")
                let id = try #require(added.json["id"]?.int)
                let again = try await client.send(
                    .post, "/api/plugins/repos/", json: ["url": .string(hub.manifestURL)])
                #expect(again.status == 400 && again.error == "plugin repo with this url already exists.")

                let changed = try await client.send(
                    .put, "/api/plugins/repos/\(id)/", json: ["enabled": false, "name": "evil", "is_official": true])
                #expect(changed.json["enabled"] == false && changed.json["name"] == "Home Plugins")
                #expect(changed.json["is_official"] == false)
                #expect(try await client.send(.get, "/api/plugins/repos/available/").json == ["plugins": []])
                _ = try await client.send(.put, "/api/plugins/repos/\(id)/", json: ["enabled": true])

                hub.put("/manifest.json", LocalHub.manifest([Self.offer, ["slug": "b"]], name: "New Name"))
                let read = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                #expect(read.json["plugin_count"] == 2 && read.json["name"] == "New Name")
                #expect(try await client.send(.delete, "/api/plugins/repos/\(id)/").json == ["success": true])
                for (method, path) in [(HTTPRequest.Method.put, ""), (.delete, ""), (.post, "refresh/")] {
                    let gone = try await client.send(method, "/api/plugins/repos/\(id)/\(path)")
                    #expect(gone.status == 404 && gone.error == "Repo not found")
                }
            }
        }
    }

    @Test func `a repository that fails keeps what it had, and says why`() async throws {
        try await LocalHub.with { hub in
            hub.put("/manifest.json", LocalHub.manifest([Self.offer]))
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                let answers: [(LocalHub.Page, Int, String)] = [
                    ({ Response(status: .notFound) }, 502, "404"),
                    ({ .json(["registry_name": "", "plugins": []]) }, 400, "Manifest is missing"),
                    ({ .json(["registry_name": "Official", "plugins": []]) }, 400, "The registry name"),
                    ({ .json(JSONValue.array([1])) }, 400, "Manifest JSON missing"),
                    (LocalHub.redirect(to: "http://10.0.0.1/x"), 502, "not fetched"),
                ]
                for (page, status, text) in answers {
                    hub.put("/manifest.json", page)
                    let answer = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                    #expect(answer.status == status, "\(answer)")
                    let row = try #require(try await fixture.services.catalog.pluginRepositories.find(id))
                    #expect(row.lastFetchStatus.contains(text), "\(row.lastFetchStatus)")
                    #expect(row.name == "Home Plugins")
                    #expect(HubManifest(stored: row.document).offers.count == 1)
                }
            }
        }
    }

    @Test func `a look at a manifest keeps nothing`() async throws {
        try await LocalHub.with { hub in
            hub.put("/manifest.json", LocalHub.manifest([Self.offer]))
            hub.put("/nameless.json", ["plugins": []])
            hub.put("/text.json", Data("<html>".utf8))
            try await APIFixture.withServer { fixture, client in
                let good = try await client.look(hub.manifestURL)
                #expect(good.json["valid"] == true && good.json["plugin_count"] == 1)
                #expect(good.json["errors"] == [] && good.json["signature_verified"] == .null)
                let bad: [(String, String)] = [
                    (hub.url + "/nameless.json", "Manifest is missing a 'registry_name'."),
                    (hub.url + "/text.json", "The URL did not return valid JSON."),
                    (hub.url + "/none.json", "Manifest not found (404)."),
                    ("http://127.0.0.1:1/x", "Could not connect to the server."),
                    ("file:///etc/passwd", "Only http and https addresses are fetched"),
                    ("http://169.254.169.254/latest/meta-data/", "link-local and metadata addresses are never fetched"),
                ]
                for (url, text) in bad {
                    let answer = try await client.look(url)
                    #expect(answer.status == 200 && answer.json["valid"] == false, "\(answer)")
                    #expect(answer.json["errors"]?[0]?.string?.contains(text) == true, "\(answer)")
                }
                #expect(try await client.look("").error == "url is required")
                #expect(try await fixture.services.catalog.pluginRepositories.all().count == 1)
                _ = try await client.addRepository(hub.manifestURL)
                let known = try await client.look(hub.manifestURL)
                #expect(known.json["errors"] == ["This manifest URL has already been added."])
            }
        }
    }

    @Test func `what is offered has whole addresses and says what is installed`() async throws {
        try await LocalHub.with { hub in
            hub.put("/manifest.json", LocalHub.manifest([Self.offer], more: ["root_url": .string(hub.url + "/files/")]))
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                let plugins = fixture.services.catalog.plugins
                func offer() async throws -> JSONValue {
                    try #require(try await client.send(.get, "/api/plugins/repos/available/").json["plugins"]?[0])
                }
                let fresh = try await offer()
                #expect(fresh["latest_url"] == .string(hub.url + "/files/zips/weather.zip"))
                #expect(fresh["manifest_url"] == .string(hub.url + "/files/weather/manifest.json"))
                #expect(fresh["repo_url"] == "" && fresh["key"] == "weather" && fresh["repo_id"] == .int(id))
                #expect(fresh["install_status"] == "not_installed" && fresh["installed"] == false)
                try await plugins.synchronize(with: [.init(key: "weather", name: "Weather", version: "1.0.0")])
                #expect(try await offer()["install_status"] == "unmanaged")
                var install = RepositoryInstall(
                    repository: id, slug: "weather", version: "1.0.0", isPrerelease: false, isDeprecated: false)
                try await plugins.link("weather", to: install)
                let old = try await offer()
                #expect(old["install_status"] == "update_available" && old["installed_version"] == "1.0.0")
                install.isPrerelease = true
                try await plugins.link("weather", to: install)
                #expect(try await offer()["install_status"] == "installed")
                (install.isPrerelease, install.version) = (false, "1.1.0")
                try await plugins.link("weather", to: install)
                #expect(try await offer()["install_status"] == "installed")
                install.repository = 1
                try await plugins.link("weather", to: install)
                let other = try await offer()
                #expect(other["install_status"] == "different_repo")
                #expect(other["installed_source_repo_name"] == "Dispatcharr Official")
            }
        }
    }

    @Test func `one plugin's manifest is fetched once in five minutes, until its repository is read again`()
        async throws
    {
        try await LocalHub.with { hub in
            hub.put("/manifest.json", LocalHub.manifest([Self.offer], more: ["root_url": .string(hub.url)]))
            hub.put(
                "/weather/manifest.json", ["slug": "weather", "versions": [["version": "1", "url": "z/1.zip"]]])
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                let body: JSONValue = [
                    "repo_id": .int(id), "manifest_url": .string(hub.url + "/weather/manifest.json"),
                ]
                func detail() async throws -> Answer {
                    try await client.send(.post, "/api/plugins/repos/plugin-detail/", json: body)
                }
                let first = try await detail()
                #expect(first.json["manifest"]?["versions"]?[0]?["url"] == .string(hub.url + "/z/1.zip"), "\(first)")
                #expect(try await detail().json == first.json)
                #expect(hub.requests.count { $0.hasPrefix("/weather") } == 1)
                _ = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                _ = try await detail()
                #expect(hub.requests.count { $0.hasPrefix("/weather") } == 2)

                for (wrong, status): (JSONValue, Int) in [
                    ([:], 400), (["repo_id": .int(id)], 400), (["repo_id": 99, "manifest_url": "http://x"], 404),
                    (["repo_id": .int(id), "manifest_url": .string(hub.url + "/none")], 502),
                    (["repo_id": .int(id), "manifest_url": "http://127.0.0.1:9/x"], 400),
                    (["repo_id": .int(id), "manifest_url": "file:///etc/passwd"], 400),
                ] {
                    let answer = try await client.send(.post, "/api/plugins/repos/plugin-detail/", json: wrong)
                    #expect(answer.status == status, "\(wrong): \(answer)")
                }
            }
        }
    }

    @Test func `the hours between two readings move the schedule along`() async throws {
        try await APIFixture.withServer { fixture, client in
            func schedule() async throws -> Schedule? {
                try await fixture.services.catalog.schedules.all().first { $0.name == "plugin-repo-refresh-task" }
            }
            let path = "/api/plugins/repos/settings/"
            #expect(try await client.send(.get, path).json == ["refresh_interval_hours": 6])
            try await fixture.services.catalog.pluginRepositories.schedule()
            #expect(try await schedule()?.task == "apps.plugins.tasks.refresh_plugin_repos")
            for (sent, hours): (JSONValue, Int) in [(12, 12), (-3, 0), ("8", 8), (0, 0), ("often", 6), (.null, 6)] {
                let answer = try await client.send(.put, path, json: ["refresh_interval_hours": sent])
                #expect(answer.json == ["refresh_interval_hours": .int(hours)])
                #expect(try await client.send(.get, path).json == answer.json)
                let recurrence = try await schedule()?.recurrence
                #expect(recurrence == (hours == 0 ? nil : .interval(every: hours, period: .hours)))
            }
            _ = try await client.send(.put, path, json: ["refresh_interval_hours": 0])
            try await fixture.services.catalog.pluginRepositories.schedule()
            #expect(try await schedule() == nil)
        }
    }

    @Test func `all repositories are read one after the other, whatever becomes of one`() async throws {
        try await LocalHub.with { hub in
            hub.put("/manifest.json", LocalHub.manifest([Self.offer]))
            hub.put("/other.json", LocalHub.manifest([Self.offer], name: "Other"))
            try await APIFixture.withServer { fixture, client in
                let table = fixture.services.catalog.pluginRepositories
                _ = try await client.addRepository(hub.manifestURL)
                _ = try await client.addRepository(hub.url + "/other.json")
                try await table.update(1, isEnabled: false)
                hub.put("/manifest.json") { Response(status: .internalServerError) }
                let (read, all) = try await PluginHub(fixture.services.catalog, logger: APIFixture.logger).refreshAll()
                #expect(read == 1 && all == 2)
                #expect(try await table.enabled().map(\.lastFetchStatus).sorted() == ["200", "500"])
            }
        }
    }

    @Test func `readers see no password of an address`() async throws {
        try await LocalHub.with { hub in
            hub.put("/manifest.json", LocalHub.manifest([Self.offer]))
            try await APIFixture.withServer { fixture, client in
                try await fixture.add([.standard])
                _ = try await client.addRepository("http://sam:hunter2@127.0.0.1:\(hub.port)/manifest.json?token=t0p")
                let list = try await client.send(.get, "/api/plugins/repos/", as: client.tokens(.standard).access)
                #expect(list.status == 200 && list.text.contains("Home Plugins"))
                #expect(!list.text.contains("hunter2") && !list.text.contains("t0p"))
            }
        }
    }
}

extension TestClientProtocol {
    /// Adds a repository; its identifier.
    func addRepository(_ url: String, publicKey: String = "") async throws -> Int {
        let answer = try await send(
            .post, "/api/plugins/repos/", json: ["url": .string(url), "public_key": .string(publicKey)])
        return try #require(answer.json["id"]?.int, "\(answer)")
    }

    func look(_ url: String, publicKey: String = "") async throws -> Answer {
        try await send(
            .post, "/api/plugins/repos/preview/", json: ["url": .string(url), "public_key": .string(publicKey)])
    }
}

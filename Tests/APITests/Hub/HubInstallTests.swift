import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Installing from the plugin hub", .timeLimit(.minutes(5))) struct HubInstallTests {
    /// A repository with one plugin of one version.
    private static func offer(_ archive: Data, version: String = "1.0.0", more: JSONObject = [:]) -> JSONValue {
        let offer: JSONObject = [
            "slug": "we-ather", "latest_version": .string(version), "latest_url": "weather.zip",
            "latest_sha256": .string(archive.sha256.uppercased()),
        ]
        return .object(offer.merging(more))
    }

    private static func publish(_ archive: Data, on hub: LocalHub, version: String = "1.0.0", more: JSONObject = [:]) {
        hub.put("/manifest.json", LocalHub.manifest([offer(archive, version: version, more: more)]))
        hub.put("/weather.zip", archive)
    }

    @Test func `a plugin is installed, pointed out when there is a newer one, and updated with its settings kept`()
        async throws
    {
        try await LocalHub.with { hub in
            Self.publish(StoredZip.plugin("we_ather", version: "1.0.0"), on: hub)
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                let installed = try await client.install(from: hub, id)
                #expect(installed.status == 201 && installed.json["success"] == true, "\(installed)")
                let plugin = try #require(installed.json["plugin"])
                #expect(plugin["key"] == "we_ather" && plugin["version"] == "1.0.0" && plugin["enabled"] == false)
                #expect(plugin["is_managed"] == true && plugin["source_repo"] == .int(id))
                #expect(plugin["source_repo_name"] == "Home Plugins" && plugin["slug"] == "we-ather")
                #expect(plugin["update_available"] == false && plugin["latest_version"] == "1.0.0")
                _ = try await client.send(
                    .post, "/api/plugins/plugins/we_ather/settings/", json: ["settings": ["city": "Ulm"]])

                Self.publish(
                    StoredZip.plugin("we_ather", version: "1.1.0"), on: hub, version: "1.1.0",
                    more: ["deprecated": true])
                _ = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                let old = try await client.plugin("we_ather")
                #expect(old["update_available"] == true && old["latest_version"] == "1.1.0")
                #expect(old["deprecated"] == true)
                let updated = try await client.install(from: hub, id, version: "1.1.0")
                #expect(updated.status == 200, "\(updated)")
                let now = try await client.plugin("we_ather")
                #expect(now["version"] == "1.1.0" && now["update_available"] == false)
                #expect(now["settings"] == ["city": "Ulm"])
                let left = try FileManager.default.contentsOfDirectory(
                    atPath: fixture.configuration.uploadsFolder.path)
                #expect(left == [])
            }
        }
    }

    @Test func `a plugin that its repository drops, or that is replaced by hand, is on its own`() async throws {
        try await LocalHub.with { hub in
            let archive = StoredZip.plugin("we_ather", version: "1.0.0")
            Self.publish(archive, on: hub)
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                #expect(try await client.install(from: hub, id).status == 201)
                hub.put("/manifest.json", LocalHub.manifest([]))
                _ = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                let dropped = try await client.plugin("we_ather")
                #expect(dropped["is_managed"] == false && dropped["slug"] == "" && dropped["missing"] == false)

                Self.publish(archive, on: hub)
                _ = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                #expect(try await client.install(from: hub, id).status == 200)
                let byHand = try await client.upload(archive, overwrite: "true")
                #expect(byHand.json["was_managed"] == true, "\(byHand)")
                #expect(byHand.json["plugin"]?["is_managed"] == false)
                #expect(try await client.upload(archive, overwrite: "true").json["was_managed"] == false)

                #expect(try await client.install(from: hub, id).status == 200)
                _ = try await client.send(.delete, "/api/plugins/repos/\(id)/")
                let orphan = try await client.plugin("we_ather")
                #expect(orphan["is_managed"] == false && orphan["update_available"] == false)
            }
        }
    }

    @Test func `what the request lacks, and what does not fit, is said before anything is fetched`() async throws {
        try await LocalHub.with { hub in
            let archive = StoredZip.plugin("we_ather", version: "1.0.0")
            Self.publish(archive, on: hub, more: ["min_dispatcharr_version": "9.0.0"])
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                let good = HubWish.body(hub, id)
                for name in ["repo_id", "slug", "version", "download_url"] {
                    for value: JSONValue in [.null, "", 0] {
                        let answer = try await client.install(good.merging([name: value]))
                        #expect(answer.status == 400, "\(answer)")
                        #expect(answer.error == "repo_id, slug, version, and download_url are required")
                    }
                }
                #expect(try await client.install(good.merging(["repo_id": 99])).error == "Repo not found")
                let unknown = try await client.install(good.merging(["slug": "other"]))
                #expect(unknown.status == 404 && unknown.code == "plugin_not_listed")
                let young = try await client.install(good)
                #expect(
                    young.error == "This plugin version requires Dispatcharr 9.0.0 or newer (you have 0.29.0)")
                let old = try await client.install(
                    good.merging(["version": "0.9", "max_dispatcharr_version": "0.1"]))
                #expect(old.error == "This plugin version requires Dispatcharr 0.1 or older (you have 0.29.0)")
                #expect(hub.requests == ["/manifest.json"])
            }
        }
    }

    @Test func `an archive that is not what the repository says is thrown away`() async throws {
        try await LocalHub.with { hub in
            Self.publish(StoredZip.plugin("we_ather", version: "1.0.0"), on: hub)
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                let evil = StoredZip.plugin("we_ather", version: "6.6.6")
                hub.put("/weather.zip", evil)
                // Nor does it help to say what it is.
                for sum in ["", evil.sha256] {
                    let answer = try await client.install(
                        HubWish.body(hub, id).merging(["sha256": .string(sum)]))
                    #expect(answer.status == 400 && answer.code == "wrong_checksum", "\(answer)")
                    #expect(
                        answer.error
                            == "SHA256 integrity check failed - download discarded. The file may be corrupted or tampered with."
                    )
                }
                let older = try await client.install(
                    HubWish.body(hub, id, version: "0.9").merging(["sha256": .string(String(repeating: "0", count: 64))]
                    ))
                #expect(older.code == "wrong_checksum")
                #expect(try await client.send(.get, "/api/plugins/plugins/").json == ["plugins": []])
                let left = try FileManager.default.contentsOfDirectory(
                    atPath: fixture.configuration.uploadsFolder.path)
                #expect(left == [])
            }
        }
    }

    @Test func `an archive cannot take another plugin's place`() async throws {
        try await LocalHub.with { hub in
            let archive = StoredZip.plugin("bank", version: "1.0.0")
            Self.publish(archive, on: hub)
            try await APIFixture.withServer { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                #expect(try await client.upload(StoredZip.plugin("bank", version: "7.0")).status == 200)
                #expect(try await client.upload(StoredZip.plugin("we_ather", version: "7.0")).status == 200)
                let answer = try await client.install(from: hub, id)
                #expect(answer.status == 400 && answer.error == "Plugin 'bank' already exists", "\(answer)")
                #expect(try await client.plugin("bank")["version"] == "7.0")
            }
        }
    }

    @Test func `archives from where nobody should fetch, too large, or that never come, are refused`() async throws {
        try await LocalHub.with { hub in
            Self.publish(StoredZip.plugin("we_ather", version: "1.0.0"), on: hub)
            hub.put("/metadata", LocalHub.redirect(to: "http://169.254.169.254/latest"))
            hub.put("/inside", LocalHub.redirect(to: "http://192.168.1.1/admin"))
            hub.put("/other-port", LocalHub.redirect(to: "http://127.0.0.1:6379/"))
            hub.put("/loop", LocalHub.redirect(to: "/loop"))
            hub.put("/huge", LocalHub.endless(String(repeating: "x", count: 64 << 10)))
            hub.put("/text", Data("no zip".utf8))
            try await APIFixture.withServer(change: { $0.uploadBytes = 1 << 20 }) { fixture, client in
                let id = try await client.addRepository(hub.manifestURL)
                for (address, status, code) in [
                    (hub.url + "/metadata", 400, "refused_address"), (hub.url + "/inside", 400, "refused_address"),
                    (hub.url + "/other-port", 400, "refused_address"), (hub.url + "/loop", 502, "download_failed"),
                    ("http://127.0.0.1:9191/x.zip", 400, "refused_address"),
                    ("http://localhost:\(hub.port)/weather.zip", 400, "refused_address"),
                    ("http://[::1]:\(hub.port)/weather.zip", 400, "refused_address"),
                    ("file:///etc/passwd", 400, "refused_address"), ("gopher://x/", 400, "refused_address"),
                    ("http://x/\r\nHost: y", 400, "refused_address"), (hub.url + "/none.zip", 502, "download_failed"),
                    (hub.url + "/huge", 400, "download_too_large"), (hub.url + "/text", 400, "wrong_checksum"),
                ] {
                    let answer = try await client.install(
                        HubWish.body(hub, id).merging(["download_url": .string(address)]))
                    #expect(answer.status == status && answer.code == code, "\(address): \(answer)")
                }
                let text = try await client.install(
                    HubWish.body(hub, id, version: "0.1").merging(["download_url": .string(hub.url + "/text")]))
                #expect(text.error == "Invalid zip file", "\(text)")
                #expect(try await client.send(.get, "/api/plugins/plugins/").json == ["plugins": []])
                let left = try FileManager.default.contentsOfDirectory(
                    atPath: fixture.configuration.uploadsFolder.path)
                #expect(left == [])
            }
        }
    }

    @Test func `archives with bombs and paths outside are refused as by hand`() async throws {
        try await LocalHub.with { hub in
            try await APIFixture.withServer { fixture, client in
                let many = StoredZip(
                    [("we_ather/plugin.py", Data("class Plugin: pass".utf8))]
                        + (0..<2100).map { ("we_ather/\($0).txt", Data()) }
                ).bytes
                let outside = StoredZip([("../evil.py", Data("x".utf8)), ("we_ather/plugin.py", Data())]).bytes
                let none = StoredZip([("we_ather/readme.md", Data("x".utf8))]).bytes
                Self.publish(many, on: hub)
                let id = try await client.addRepository(hub.manifestURL)
                for (archive, text) in [
                    (many, "Archive has too many files"), (outside, "Unsafe path in archive"),
                    (none, "Invalid plugin: missing plugin.py or package __init__.py"),
                ] {
                    Self.publish(archive, on: hub)
                    _ = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                    let answer = try await client.install(from: hub, id)
                    #expect(answer.status == 400 && answer.error == text, "\(answer)")
                }
                let folder = try FileManager.default.contentsOfDirectory(atPath: fixture.pluginsFolder.path)
                #expect(folder.filter { $0 != ".import.lock" } == [])
            }
        }
    }
}

/// Bodies of `POST /api/plugins/repos/install/`.
enum HubWish {
    static func body(_ hub: LocalHub, _ id: Int, version: String = "1.0.0") -> JSONObject {
        [
            "repo_id": .int(id), "slug": "we-ather", "version": .string(version),
            "download_url": .string(hub.url + "/weather.zip"),
        ]
    }
}

extension TestClientProtocol {
    fileprivate func install(_ body: JSONObject) async throws -> Answer {
        try await send(.post, "/api/plugins/repos/install/", json: .object(body))
    }

    fileprivate func install(from hub: LocalHub, _ id: Int, version: String = "1.0.0") async throws -> Answer {
        try await install(HubWish.body(hub, id, version: version))
    }

    fileprivate func plugin(_ key: String) async throws -> JSONValue {
        let all = try await send(.get, "/api/plugins/plugins/").json["plugins"]?.array ?? []
        return try #require(all.first { $0["key"] == .string(key) }, "\(all)")
    }
}

import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import PluginRuntime
import Testing

@testable import API

@Suite(
    "Plugin hub's signatures", .timeLimit(.minutes(5)), .enabled(if: ThrowawayKey.isPossible, "gpg is not installed"))
struct HubSignatureTests {
    private static let manifest = LocalHub.manifest([["slug": "weather", "name": "Wetter für alle"]])

    @Test func `what the key's owner signed is believed, in either spelling`() async throws {
        try await ThrowawayKey.with { key in
            let signed = try await key.sign(Self.manifest)
            let escaped = Array(
                (Self.manifest.text.replacingOccurrences(of: "ü", with: "\\u00fc") + "\n").utf8)
            let python: JSONValue = ["manifest": Self.manifest, "signature": .string(try await key.sign(escaped))]
            try await LocalHub.with(["/a": { .json(signed) }, "/b": { .json(python) }]) { hub in
                try await APIFixture.withServer { fixture, client in
                    for path in ["/a", "/b"] {
                        let look = try await client.look(hub.url + path, publicKey: key.publicKey)
                        #expect(look.json["valid"] == true && look.json["signature_verified"] == true, "\(look)")
                        let added = try await client.send(
                            .post, "/api/plugins/repos/",
                            json: ["url": .string(hub.url + path), "public_key": .string(key.publicKey)])
                        #expect(added.status == 201 && added.json["signature_verified"] == true, "\(added)")
                    }
                }
            }
        }
    }

    @Test func `what somebody else signed, or nobody, or what was changed since is not taken`() async throws {
        try await ThrowawayKey.with { key in
            try await ThrowawayKey.with { other in
                let good = try await key.sign(Self.manifest)
                let signature = try #require(good["signature"])
                let foreign = try await other.sign(Self.manifest)
                let changed = LocalHub.manifest([["slug": "weather", "latest_url": "http://evil.example/x.zip"]])
                let bad: [JSONValue] = [
                    foreign, Self.manifest, ["manifest": Self.manifest], ["manifest": changed, "signature": signature],
                    ["manifest": Self.manifest, "signature": "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n"],
                    ["manifest": Self.manifest, "signature": .string(String(repeating: "A", count: 1 << 20))],
                    ["manifest": Self.manifest, "signature": .string(key.publicKey)],
                ]
                try await LocalHub.with { hub in
                    hub.put("/manifest.json", good)
                    try await APIFixture.withServer { fixture, client in
                        let id = try await client.addRepository(hub.manifestURL, publicKey: key.publicKey)
                        for document in bad {
                            hub.put("/manifest.json", document)
                            hub.put("/new.json", document)
                            let read = try await client.send(.post, "/api/plugins/repos/\(id)/refresh/")
                            #expect(read.status == 400 && read.code == "signature_invalid", "\(read)")
                            let row = try #require(try await fixture.services.catalog.pluginRepositories.find(id))
                            #expect(row.document["signature"] == signature && row.isSignatureRight == true)
                            #expect(row.lastFetchStatus.contains("sign"))
                            let added = try await client.send(
                                .post, "/api/plugins/repos/",
                                json: ["url": .string(hub.url + "/new.json"), "public_key": .string(key.publicKey)])
                            #expect(added.status == 400 && added.code == "signature_invalid", "\(added)")
                            let look = try await client.look(hub.url + "/new.json", publicKey: key.publicKey)
                            #expect(look.json["valid"] == false && look.json["signature_verified"] == false)
                        }
                        #expect(try await fixture.services.catalog.pluginRepositories.all().count == 2)
                    }
                }
            }
        }
    }

    @Test func `another key judges what is there at once, and nothing is installed until it fits`() async throws {
        try await ThrowawayKey.with { key in
            try await ThrowawayKey.with { other in
                let good = try await key.sign(Self.manifest)
                try await LocalHub.with(["/manifest.json": { .json(good) }]) { hub in
                    try await APIFixture.withServer { fixture, client in
                        let id = try await client.addRepository(hub.manifestURL)
                        let path = "/api/plugins/repos/\(id)/"
                        for (text, verdict): (String, JSONValue) in [
                            (other.publicKey, false), (key.publicKey, true), ("", .null), (other.publicKey, false),
                        ] {
                            let answer = try await client.send(.put, path, json: ["public_key": .string(text)])
                            #expect(answer.json["signature_verified"] == verdict, "\(answer)")
                        }
                        let junk = try await client.send(.put, path, json: ["public_key": "not a key"])
                        #expect(junk.status == 400 && junk.code == "invalid_key")
                        let install = try await client.send(
                            .post, "/api/plugins/repos/install/",
                            json: [
                                "repo_id": .int(id), "slug": "weather", "version": "1",
                                "download_url": .string(hub.url + "/w.zip"),
                            ])
                        #expect(install.status == 409 && install.code == "repo_not_verified", "\(install)")
                        #expect(hub.requests == ["/manifest.json"])
                    }
                }
            }
        }
    }

    @Test func `a plugin's own manifest that is signed by somebody else is not shown`() async throws {
        try await ThrowawayKey.with { key in
            try await ThrowawayKey.with { other in
                let root = try await key.sign(Self.manifest)
                let own: JSONValue = ["slug": "weather", "versions": []]
                let (right, wrong) = (try await key.sign(own), try await other.sign(own))
                try await LocalHub.with([
                    "/manifest.json": { .json(root) }, "/right": { .json(right) }, "/wrong": { .json(wrong) },
                    "/plain": { .json(own) },
                ]) { hub in
                    try await APIFixture.withServer { fixture, client in
                        let id = try await client.addRepository(hub.manifestURL, publicKey: key.publicKey)
                        func detail(_ path: String) async throws -> Answer {
                            try await client.send(
                                .post, "/api/plugins/repos/plugin-detail/",
                                json: ["repo_id": .int(id), "manifest_url": .string(hub.url + path)])
                        }
                        #expect(try await detail("/right").json["signature_verified"] == true)
                        #expect(try await detail("/plain").json["signature_verified"] == false)
                        let refused = try await detail("/wrong")
                        #expect(refused.status == 502 && refused.code == "signature_invalid", "\(refused)")
                    }
                }
            }
        }
    }

    @Test func `without the program that checks, the error names it`() async throws {
        try await ThrowawayKey.with { key in
            let signed = try await key.sign(Self.manifest)
            let signature = try #require(signed["signature"]?.string)
            let parsed = try #require(PublicKey(armored: key.publicKey))
            let nowhere = SignatureCheck(searchPath: "/nonexistent:relative")
            let error = await #expect(throws: SignatureCheck.Failure.self) {
                _ = try await nowhere.isRight(signature, of: [], by: parsed)
            }
            #expect(error?.code == "gpgv_missing" && error?.hint.contains("apt-get install gpgv") == true)
            let answer = try #require(error.map { APIError($0) })
            #expect(answer.status == .serviceUnavailable)
        }
    }

    @Test func `a key may come with or without its first and last line`() async throws {
        try await ThrowawayKey.with { key in
            let whole = try #require(PublicKey(armored: key.publicKey))
            let lines = key.publicKey.split(separator: "\n", omittingEmptySubsequences: false)
            let bare = lines.filter { !$0.hasPrefix("-----") }.joined(separator: "\r\n")
            #expect(PublicKey(armored: bare) == whole)
            let remark = key.publicKey.replacingOccurrences(of: "BLOCK-----\n\n", with: "BLOCK-----\nComment: x\n\n")
            #expect(PublicKey(armored: remark) == whole)
            for junk in [
                "", "x", "AAAA", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + bare,
                try await key.sign([1]), String(repeating: "A", count: 1 << 20),
            ] { #expect(PublicKey(armored: junk) == nil) }
        }
    }
}

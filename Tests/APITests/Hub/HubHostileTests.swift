import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Hostile plugin repositories", .timeLimit(.minutes(5))) struct HubHostileTests {
    @Test func `manifests that never end, unpack to gigabytes or lead elsewhere are given up`() async throws {
        try await LocalHub.with { hub in
            hub.put("/good.json", LocalHub.manifest([["slug": "a"]]))
            hub.put("/huge", LocalHub.endless(String(repeating: " ", count: 64 << 10)))
            hub.put("/deep", Data(String(repeating: "[", count: 100_000).utf8))
            hub.put("/metadata", LocalHub.redirect(to: "http://169.254.169.254/latest"))
            hub.put("/inside", LocalHub.redirect(to: "http://10.1.2.3/manifest.json"))
            hub.put("/file", LocalHub.redirect(to: "file:///etc/passwd"))
            hub.put("/brotli") { Response(status: .ok, headers: [.contentEncoding: "br"], body: .init()) }
            try await APIFixture.withServer { fixture, client in
                for path in ["/huge", "/deep", "/metadata", "/inside", "/file", "/brotli"] {
                    let added = try await client.send(
                        .post, "/api/plugins/repos/", json: ["url": .string(hub.url + path)])
                    #expect(added.status == 400, "\(path): \(added)")
                    #expect(["manifest_not_fetched", "invalid_manifest"].contains(added.code), "\(path): \(added)")
                    let look = try await client.look(hub.url + path)
                    #expect(look.status == 200 && look.json["valid"] == false, "\(path): \(look)")
                }
                #expect(try await fixture.services.catalog.pluginRepositories.all().count == 1)
                _ = try await client.addRepository(hub.url + "/good.json")
            }
        }
    }

    @Test func `a manifest that drips is given up in seconds`() async throws {
        try await LocalHub.with(["/slow": LocalHub.endless(" ", every: .milliseconds(50))]) { hub in
            try await APIFixture.withServer { fixture, client in
                let patient = PluginHub(fixture.services.catalog, deadline: .seconds(1), logger: APIFixture.logger)
                let error = await #expect(throws: HubError.self) {
                    _ = try await patient.add(hub.url + "/slow", publicKey: "")
                }
                let advice = error?.advice
                #expect(advice == "The request timed out. Check the URL and try again.")
            }
        }
    }

    @Test func `addresses of other kinds, too long ones and those with line breaks are refused`() async throws {
        try await APIFixture.withServer { fixture, client in
            for url in [
                "file:///etc/passwd", "gopher://127.0.0.1:70/x", "unix:///run/x.sock", "ftp://x/y", "data:,{}",
                "javascript:alert(1)", "http://", "http://x y/", "http://x/\u{0}", "http://x/\r\nA: b",
                "http://" + String(repeating: "a", count: 300), "http://169.254.169.254/", "http://[fe80::1]/",
                "http://[::ffff:169.254.169.254]/",
            ] {
                let answer = try await client.send(.post, "/api/plugins/repos/", json: ["url": .string(url)])
                #expect(answer.status == 400, "\(url): \(answer)")
            }
        }
    }
}

import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import API

@Suite("Compressed answers", .timeLimit(.minutes(1))) struct CompressionTests {
    /// Enough accounts that their list is a long one.
    private func fill(_ fixture: APIFixture) async throws {
        for number in 0..<20 {
            var draft = M3UAccountDraft(name: "Account \(number)")
            draft.serverURL = "http://tv.example/\(number)"
            _ = try await fixture.services.catalog.m3uAccounts.create(draft)
        }
    }

    /// A body as it travels.
    private func bytes(
        _ client: some TestClientProtocol, _ path: String, _ headers: HTTPFields
    ) async throws -> (headers: HTTPFields, status: Int, body: [UInt8]) {
        var headers = headers
        headers[.authorization] = "Bearer \(APIFixture.token)"
        return try await client.execute(uri: path, method: .get, headers: headers, body: nil) { response in
            (response.headers, response.status.code, Array(response.body.readableBytesView))
        }
    }

    @Test func `a long list is packed for those who take it, and is the same list`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fill(fixture)
            let path = "/api/m3u/accounts/"
            let plain = try await bytes(client, path, [:])
            #expect(plain.headers[.contentEncoding] == nil && plain.headers[.vary] == "Accept-Encoding")
            #expect(plain.body.count > 4096)
            let packed = try await bytes(client, path, [.acceptEncoding: "br;q=1.0, gzip;q=0.8"])
            #expect(packed.headers[.contentEncoding] == "gzip" && packed.headers[.vary] == "Accept-Encoding")
            #expect(packed.body.count * 4 < plain.body.count, "\(packed.body.count) of \(plain.body.count)")
            #expect(packed.headers[.contentLength] == String(packed.body.count))
            #expect(try Gunzip.unpack(packed.body) == plain.body)
            let tag = try #require(packed.headers[.eTag])
            #expect(tag == "W/" + (plain.headers[.eTag] ?? ""))
            let same = try await bytes(client, path, [.acceptEncoding: "gzip", .ifNoneMatch: tag])
            #expect(same.status == 304 && same.body.isEmpty)
            let unwanted = try await bytes(client, path, [.acceptEncoding: "gzip;q=0"])
            #expect(unwanted.headers[.contentEncoding] == nil && unwanted.body == plain.body)
        }
    }

    @Test func `a short answer, an error and a HEAD stay as they are`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fill(fixture)
            let ask: HTTPFields = [.acceptEncoding: "gzip"]
            for path in ["/api/core/version/", "/api/nothing/"] {
                let answer = try await bytes(client, path, ask)
                #expect(answer.headers[.contentEncoding] == nil && answer.headers[.vary] == nil, "\(path)")
            }
            let head = try await client.send(.head, "/api/m3u/accounts/", headers: ask)
            #expect(head.status == 200 && head.text.isEmpty && head.headers[.contentEncoding] == nil)
        }
    }
}

/// The system's gzip, the other way.
private enum Gunzip {
    static func unpack(_ bytes: [UInt8]) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "skirret-\(UUID().uuidString).gz")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        (process.executableURL, process.arguments) = (URL(filePath: "/usr/bin/env"), ["gzip", "-dc", file.path])
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Array(data)
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Web app", .timeLimit(.minutes(1))) struct WebAppTests {
    @Test func `the page knows its build, and is never kept`() async throws {
        try await APIFixture.withServer { fixture, client in
            let build = try WebApp(folder: fixture.configuration.webFolder).build
            for path in ["/", "/plugins/my_plugin", "/tasks/", "/login?next=/x"] {
                let page = try await client.send(.get, path, isAdmin: false)
                #expect(page.status == 200 && page.headers[.cacheControl] == "no-cache")
                #expect(page.headers[.contentType] == "text/html; charset=utf-8")
                #expect(page.text == #"<script src="/assets/\#(build)/js/main.js"></script>"#)
            }
            let head = try await client.send(.head, "/", isAdmin: false)
            #expect(head.status == 200 && head.text.isEmpty)
        }
    }

    @Test func `files lie under the build for ever, compressed for those who ask`() async throws {
        try await APIFixture.withServer { fixture, client in
            let build = try WebApp(folder: fixture.configuration.webFolder).build
            let plain = try await client.send(.get, "/assets/\(build)/js/main.js", isAdmin: false)
            #expect(plain.text == "export const answer = 42;\n")
            #expect(plain.headers[.contentType] == "text/javascript; charset=utf-8")
            #expect(plain.headers[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(plain.headers[.vary] == "Accept-Encoding" && plain.headers[.contentEncoding] == nil)
            // No document, so it needs no policy, only its type.
            #expect(plain.headers[.contentSecurityPolicy] == nil && plain.headers[.xContentTypeOptions] == "nosniff")
            let packed = try await client.send(
                .get, "/assets/\(build)/js/main.js", headers: [.acceptEncoding: "br, gzip;q=0.8"], isAdmin: false)
            #expect(packed.text == "not really gzip" && packed.headers[.contentEncoding] == "gzip")
            let unwanted = try await client.send(
                .get, "/assets/\(build)/js/main.js", headers: [.acceptEncoding: "gzip;q=0"], isAdmin: false)
            #expect(unwanted.headers[.contentEncoding] == nil)
        }
    }

    @Test func `our own files are packed too, where that makes them smaller`() async throws {
        try await APIFixture.withServer { fixture, client in
            let build = try WebApp(folder: fixture.configuration.webFolder).build
            let ask: HTTPFields = [.acceptEncoding: "gzip"]
            let long = try await client.send(.get, "/assets/\(build)/long.css", headers: ask, isAdmin: false)
            #expect(long.headers[.contentEncoding] == "gzip" && long.headers[.vary] == "Accept-Encoding")
            let packed = try #require(Gzip.pack(Array(APIFixture.longStyle.utf8)))
            #expect(long.text == String(decoding: packed, as: UTF8.self))
            let plain = try await client.send(.get, "/assets/\(build)/long.css", isAdmin: false)
            #expect(plain.headers[.contentEncoding] == nil && plain.text == APIFixture.longStyle)
            let short = try await client.send(.get, "/assets/\(build)/short.css", headers: ask, isAdmin: false)
            #expect(short.headers[.contentEncoding] == nil && short.text == "a{}")
        }
    }

    @Test func `gzip unpacks what was packed`() throws {
        let text = String(repeating: "Grüße an alle. ", count: 3000)
        let packed = try #require(Gzip.pack(Array(text.utf8)))
        #expect(packed.count < 1000)
        let process = Process()
        (process.executableURL, process.arguments) = (URL(filePath: "/usr/bin/env"), ["gzip", "-dc"])
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: packed)
        try input.fileHandleForWriting.close()
        #expect(output.fileHandleForReading.readDataToEndOfFile() == Data(text.utf8))
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test func `no spelling of a path leads out of the folder`() async throws {
        try await APIFixture.withServer { fixture, client in
            let build = try WebApp(folder: fixture.configuration.webFolder).build
            for path in [
                "/..%2f..%2fetc/passwd", "/assets/\(build)/../../../../etc/passwd",
                "/assets/\(build)/%2e%2e/skirret.db",
                "/assets/\(build)/vendor.py", "/assets/old/js/main.js", "/assets/\(build)/js//main.js", "/assets",
                "/a%5C..%5Cb", "/skirret.db", "/js/main.js", "/api", "/API/x", "/ws/x",
            ] {
                let answer = try await client.send(.get, path, isAdmin: false)
                #expect(answer.status == 404, "\(path): \(answer.status)")
            }
        }
    }

    @Test func `another file gives another build`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-web-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("a".utf8).write(to: folder.appending(path: "a.js"))
        let first = try WebApp(folder: folder).build
        #expect(try WebApp(folder: folder).build == first)
        try Data("ab".utf8).write(to: folder.appending(path: "a.js"))
        #expect(try WebApp(folder: folder).build != first)
    }
}

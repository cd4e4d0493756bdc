import CeleryProtocol
import Logging
import Testing

@testable import Ingest

@Suite("Documents that pages name", .timeLimit(.minutes(1))) struct PageDocumentTests {
    private static let logger = Logger(label: "ingest-tests") { _ in SwiftLogNoOpLogHandler() }

    @Test(arguments: [
        "http://127.0.0.1:PORT/x", "http://localhost:PORT/x", "http://[::1]:6379/", "http://169.254.169.254/",
        "http://10.0.0.1/", "http://192.168.1.1/", "http://[fd00::1]/", "http://2130706433:PORT/x",
        "file:///etc/passwd",
        "gopher://x/", "unix:/tmp/s", "ftp://x/", "data:text/plain,x", "http://x/\r\nHost: y", "nothing",
    ])
    func `no address that a page names reaches what only this machine can reach`(address: String) async throws {
        try await RawServer.with(["*": RawServer.Step.answer(200, Array("{}".utf8))]) { server in
            let address = address.replacing("PORT", with: "\(server.port)")
            let error = await #expect(throws: DownloadError.self) {
                _ = try await PageDocument(logger: Self.logger).fetch(address)
            }
            #expect(error?.code == .refusedAddress, "\(address): \(String(describing: error))")
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `JSON is read, other text stands for itself, and parameters are added to the query`() async throws {
        let routes = [
            "/a?x=1&q=two%20%26%20three&n=4&l=%5B1%5D": RawServer.Step.answer(200, Array(#"{"a":[1,2]}"#.utf8)),
            "/text": RawServer.Step.answer(200, Array("no JSON".utf8)),
        ]
        try await RawServer.with(routes) { server in
            let reader = PageDocument(logger: Self.logger, isTyped: true)
            let value = try await reader.fetch(
                server.url("/a?x=1"), query: ["q": "two & three", "n": 4, "l": [1]])
            #expect(value == ["a": [1, 2]], "\(server.requests)")
            #expect(try await reader.fetch(server.url("/text")) == "no JSON")
        }
    }
}

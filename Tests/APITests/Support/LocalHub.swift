import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization

@testable import API

/// A plugin repository on this machine that answers what a test says.
final class LocalHub: Sendable {
    typealias Page = @Sendable () -> Response

    let port: Int
    private let pages: Mutex<[String: Page]>
    private let asked = Mutex<[String]>([])

    var url: String { "http://127.0.0.1:\(port)" }
    var manifestURL: String { url + "/manifest.json" }
    /// The paths that were asked for, in order.
    var requests: [String] { asked.withLock { $0 } }

    /// Serves pages by path while a body runs.
    static func with<R: Sendable>(
        _ pages: [String: Page] = [:], _ body: @escaping @Sendable (LocalHub) async throws -> R
    ) async throws -> R {
        let holder = Mutex<LocalHub?>(nil)
        let router = Router()
        router.get("**") { request, _ -> Response in
            guard let hub = holder.withLock({ $0 }) else { return Response(status: .serviceUnavailable) }
            hub.asked.withLock { $0.append(request.uri.path) }
            let page = hub.pages.withLock { $0[request.uri.path] }
            return page?() ?? Response(status: .notFound)
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            logger: APIFixture.logger)
        return try await application.test(.live) { client in
            let hub = LocalHub(port: client.port ?? 0, pages: pages)
            holder.withLock { $0 = hub }
            return try await body(hub)
        }
    }

    private init(port: Int, pages: [String: Page]) {
        self.port = port
        self.pages = Mutex(pages)
    }

    func put(_ path: String, _ page: @escaping Page) { pages.withLock { $0[path] = page } }
    func put(_ path: String, _ json: JSONValue) { put(path) { .json(json) } }
    func put(_ path: String, _ bytes: Data) {
        put(path) { Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: bytes))) }
    }

    /// The same piece again and again, with a pause before each, until the reader has gone.
    static func endless(_ piece: String, every pause: Duration = .zero, status: HTTPResponse.Status = .ok) -> Page {
        {
            Response(
                status: status,
                body: .init { writer in
                    while true {
                        if pause > .zero { try await Task.sleep(for: pause) }
                        try await writer.write(ByteBuffer(string: piece))
                    }
                })
        }
    }

    static func redirect(to location: String) -> Page {
        { Response(status: .found, headers: [.location: location]) }
    }

    /// A manifest that offers plugins.
    static func manifest(_ offers: [JSONValue], name: String = "Home Plugins", more: JSONObject = [:]) -> JSONValue {
        .object((["registry_name": .string(name), "plugins": .array(offers)] as JSONObject).merging(more))
    }
}

extension StoredZip {
    /// A plugin with a manifest of its own, in a folder called like it.
    static func plugin(_ key: String, version: String) -> Data {
        let source = """
            class Plugin:
                name = "\(key)"
                version = "\(version)"
                fields = []
                actions = []
                def run(self, action, params, context):
                    return {}
            """
        let manifest = #"{"name": "\#(key)", "version": "\#(version)", "description": "of a repository"}"#
        return StoredZip([
            ("\(key)/plugin.py", Data(source.utf8)), ("\(key)/plugin.json", Data(manifest.utf8)),
        ]).bytes
    }
}

extension Data {
    var sha256: String { Digest.sha256(Array(self)).hexadecimal }
}

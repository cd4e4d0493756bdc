import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird

/// Who may call an endpoint.
///
/// Every endpoint says so; there is no default.
enum Access: Sendable, Equatable {
    /// Anybody who can reach the port.
    case open
    /// Whoever has signed in, for what is their own.
    case signedIn
    /// Whoever may read.
    case standard
    /// Whoever may change things.
    case admin

    /// The least level that will do.
    ///
    /// Nil: not even a name is asked for.
    var level: UserLevel? {
        switch self {
        case .open: nil
        case .signedIn: .streamer
        case .standard: .standard
        case .admin: .admin
        }
    }
}

/// One method on one path: the unit in which rights, limits and handlers are stated.
struct Endpoint: Sendable {
    typealias Handler = @Sendable (APIRequest) async throws -> Response

    let method: HTTPRequest.Method
    /// As the router writes it: `/api/plugins/plugins/:key/run`.
    ///
    /// A trailing slash in requests is optional.
    let path: String
    let access: Access
    var handler: Handler
    /// What the API's description says of it.
    var operation = Operation()

    static func get(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Endpoint {
        Endpoint(method: .get, path: path, access: access, handler: handler)
    }
    static func post(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Endpoint {
        Endpoint(method: .post, path: path, access: access, handler: handler)
    }
    static func put(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Endpoint {
        Endpoint(method: .put, path: path, access: access, handler: handler)
    }
    static func patch(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Endpoint {
        Endpoint(method: .patch, path: path, access: access, handler: handler)
    }
    static func delete(_ path: String, _ access: Access, _ handler: @escaping Handler) -> Endpoint {
        Endpoint(method: .delete, path: path, access: access, handler: handler)
    }
}

extension Endpoint {
    /// Whether only addresses on the list may come: everywhere but where a machine asks after its health.
    fileprivate var isForListedNetworks: Bool { path.hasPrefix("/api/") || path == SocketDoor.path }
}

/// A resource's endpoints; one file each.
protocol Routes: Sendable {
    var endpoints: [Endpoint] { get }
}

/// Turns endpoints into a router: each behind its gate, and 405 for the methods a known path lacks.
struct RouteTable {
    let endpoints: [Endpoint]
    let gate: Gate

    func install(in router: Router<APIContext>) {
        for (path, group) in Dictionary(grouping: endpoints, by: \.path) {
            for endpoint in group { add(endpoint, to: router) }
            let known = Set(group.map(\.method))
            let allow = Set(known.contains(.get) ? known.union([.head]) : known)
            let refusal = APIError(
                .methodNotAllowed, code: "method_not_allowed", "This address does not take this method.",
                headers: [.allow: allow.map(\.rawValue).sorted().joined(separator: ", ")])
            for method in HTTPRequest.Method.known where !known.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in throw refusal }
            }
        }
    }

    private func add(_ endpoint: Endpoint, to router: Router<APIContext>) {
        let gate = self.gate
        router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context -> Response in
            var context = context
            let client = gate.networks.proxies.client(peer: context.channel.remoteAddress?.ipAddress, request.headers)
            context.client = client
            if endpoint.isForListedNetworks { try await gate.networks.admit(client) }
            context.principal = try await gate.admit(request, access: endpoint.access)
            try gate.networks.admit(context.principal, from: client)
            return try await endpoint.handler(APIRequest(request: request, context: context))
        }
    }
}

extension HTTPRequest.Method {
    /// Those that a path which is there answers with 405 unless it takes them; others are no request at all.
    fileprivate static let known: [HTTPRequest.Method] =
        [.get, .post, .put, .patch, .delete, .trace, .options, .connect]
        + [HTTPRequest.Method("QUERY")].compactMap { $0 }
}

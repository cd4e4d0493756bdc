import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Relay

/// Decides about upgrades of `/ws/` and hands the granted ones to the relay.
///
/// A refused upgrade is left to the router, whose `/ws` endpoint answers with the reason.
struct SocketDoor: Sendable {
    static let path = "/ws"

    let hub: RelayHub
    let gate: Gate
    let logger: Logger

    /// Who may come in.
    ///
    /// Nil: refused; the inner nil: come in and say who you are.
    func admit(_ head: HTTPRequestHead) async -> RelayIdentity?? {
        let uri = URI(head.uri)
        guard head.method == .GET, uri.path == Self.path || uri.path == Self.path + "/" else { return nil }
        do {
            return .some(try await identity(SocketRequest(head), uri: uri))
        } catch {
            // Not logged with its address: the query may hold a token.
            logger.info("Refused a WebSocket", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Why an upgrade was refused, for the router.
    ///
    /// Nil: it was none.
    func refusal(of request: Request) async -> (any Error)? {
        do {
            _ = try await identity(SocketRequest(request), uri: request.uri)
            return nil
        } catch {
            return error
        }
    }

    /// Call on the channel's loop.
    func adopt(_ channel: any Channel, _ identity: RelayIdentity?) throws {
        let authenticator = gate.authenticator
        try hub.adopt(channel, identity: identity) { authenticator.principal(token: $0)?.relayIdentity }
    }

    private func identity(_ request: SocketRequest, uri: URI) async throws -> RelayIdentity? {
        let token = uri.queryParameters["token"].map(String.init)
        return try await gate.admitSocket(request.headers, host: request.host, token: token)?.relayIdentity
    }
}

/// The upgrade request, from NIO's types or Hummingbird's.
private struct SocketRequest {
    let headers: HTTPFields
    let host: String?

    init(_ head: HTTPRequestHead) {
        var fields = HTTPFields()
        for (name, value) in head.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        headers = fields
        host = head.headers.first(name: "Host")
    }

    init(_ request: Request) {
        headers = request.headers
        host = request.head.authority
    }
}

/// What ``SocketDoor/admit(_:)`` found, until the same connection's upgrade completes.
///
/// @unchecked: written before and read after the upgrade response, which NIO orders on the connection's loop.
final class AdmittedSocket: @unchecked Sendable {
    var identity: RelayIdentity?
}

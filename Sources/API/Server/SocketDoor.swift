import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import Relay

/// Decides about upgrades of `/ws/` and hands the granted ones to the relay.
///
/// A refused upgrade is left to the router, whose `/ws` endpoint answers with the reason.
struct SocketDoor: Sendable {
    static let path = "/ws"

    let hub: RelayHub
    let gate: Gate
    let logger: Logger

    /// Somebody who was let in.
    struct Guest: Sendable {
        /// Nil: the first frame must say who it is.
        let identity: RelayIdentity?
        let address: String
        /// The relay's ``RelayHub/accessEpoch`` from before it was let in.
        let epoch: Int
    }

    /// Whether a request asks for our kind of upgrade, at our address.
    func isUpgrade(_ head: HTTPRequestHead) -> Bool {
        let path = URI(head.uri).path
        return head.method == .GET && (path == Self.path || path == Self.path + "/")
            && head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// Who may come in.
    ///
    /// Nil: refused.
    func admit(_ head: HTTPRequestHead, from client: String) async -> Guest? {
        // Before anything is looked up: what changes from here on may have been looked up too early.
        let epoch = hub.accessEpoch
        do {
            let identity = try await identity(SocketRequest(head), uri: URI(head.uri), from: client)
            return Guest(identity: identity, address: client, epoch: epoch)
        } catch {
            // Not logged with its address: the query may hold a token.
            logger.info("Refused a WebSocket", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Why an upgrade was refused, for the router.
    ///
    /// Nil: it was none.
    func refusal(of request: Request, from client: String) async -> (any Error)? {
        do {
            _ = try await identity(SocketRequest(request), uri: request.uri, from: client)
            return nil
        } catch {
            return error
        }
    }

    /// NIO's handshake, which ends with the socket in the hub.
    func upgrader(
        for guest: Guest
    ) -> NIOTypedWebSocketServerUpgrader<UpgradableChannel.Negotiated> {
        let (hub, gate, logger) = (self.hub, self.gate, self.logger)
        return NIOTypedWebSocketServerUpgrader(
            maxFrameSize: hub.limits.inboundFrameBytes, enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try hub.adopt(channel, identity: guest.identity, admitted: guest.epoch) { token in
                        do {
                            return try await gate.listener(token: token, from: guest.address)?
                                .relayIdentity(from: guest.address)
                        } catch {
                            logger.info("Refused a WebSocket", metadata: ["error": "\(error)"])
                            return nil
                        }
                    }
                    return .webSocket
                }
            })
    }

    private func identity(_ request: SocketRequest, uri: URI, from client: String) async throws -> RelayIdentity? {
        let token = uri.queryParameters["token"].map(String.init)
        return try await gate.admitSocket(request.headers, host: request.host, token: token, from: client)?
            .relayIdentity(from: client)
    }

    /// Whose address counts as the caller's.
    func client(of head: HTTPRequestHead, on channel: any Channel) -> String {
        gate.networks.proxies.client(peer: channel.remoteAddress?.ipAddress) { head.headers[$0] }
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

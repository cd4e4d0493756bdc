import CeleryProtocol
import HTTPTypes
import Hummingbird

/// `/ws/` for whoever was not upgraded: the reason.
struct SocketRoutes: Routes {
    let door: SocketDoor?

    var endpoints: [Endpoint] {
        guard let door else { return [] }
        return [
            .get(SocketDoor.path, .open) { request in
                if let refusal = await door.refusal(of: request.request, from: request.peer) { throw refusal }
                throw APIError(
                    HTTPResponse.Status(code: 426, reasonPhrase: "Upgrade Required"), code: "upgrade_required",
                    "This address speaks WebSocket.", headers: [.upgrade: "websocket"])
            }
            .described("Live events, over WebSocket", .server) { $0.answers[101] = .null }
        ]
    }
}

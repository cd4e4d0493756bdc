import Catalog
import CeleryProtocol
import Hummingbird

/// `/api/core/settings/check/`: whether address lists would let their author in.
struct NetworkRoutes: Routes {
    var endpoints: [Endpoint] {
        [
            .post("/api/core/settings/check", .admin, check).described(
                "Which address lists would not let you in", .server
            ) {
                $0.details = """
                    For each list its ranges if none of them has your address, else nothing; for other groups of \
                    settings an empty object. Saves nothing.

                    Of the lists only `UI` shuts a door of this server: the web app, the API and the socket. There are no \
                    streams, no Xtream Codes interface and no playlists for players here, so `STREAMS`, `XC_API` and \
                    `M3U_EPG` are kept and answered for a proxy beside it that reads them, and shut nothing themselves.
                    """
                $0.body = Schema.object(["key": Schema.any, "value": Schema.any])
                $0.answers[200] = Schema.anyObject
            }
        ]
    }

    @Sendable private func check(_ request: APIRequest) async throws -> Response {
        let body = try await request.jsonObject()
        guard body["key"]?.string == SettingsGroup.network.rawValue else { return .json([:]) }
        let lists = body["value"]?.object ?? [:]
        let wrong = NetworkLists.wrongRanges(in: lists)
        guard wrong.isEmpty else {
            return .json([
                "error": true, "message": "Invalid CIDR(s)", "data": .array(wrong.map(JSONValue.string)),
            ])
        }
        var answer = JSONObject()
        let address = IPAddress(request.peer)
        for (name, value) in lists {
            let list = value.string ?? ""
            let isIn = address.map { address in NetworkRange.list(list).contains { $0.contains(address) } } ?? true
            answer[name] = .array(isIn ? [] : list.split(separator: ",").map { .string(String($0).trimmingSpace) })
        }
        answer["client_ip"] = .string(request.peer)
        return .json(.object(answer))
    }
}

/// Checks of the group `network_access` as somebody is about to save it.
enum NetworkLists {
    /// What is no range; the value itself where it is no list.
    static func wrongRanges(in lists: JSONObject) -> [String] {
        lists.flatMap { _, value -> [String] in
            guard let text = value.string else { return [String(value.text.prefix(80))] }
            return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init).filter {
                NetworkRange($0) == nil
            }.map { String($0.prefix(80)) }
        }
    }

    /// Refuses lists that would not let their author in again.
    ///
    /// - Throws: 400.
    static func refuseLockOut(_ value: JSONObject, of group: SettingsGroup, for request: APIRequest) throws(APIError) {
        guard group == .network else { return }
        guard NetworkRules(value).admits(IPAddress(request.peer), by: .ui) else { throw .wouldLockOut }
    }

    /// Refuses networks of one's own account that one is not in; `properties` are what is about to be merged over it.
    ///
    /// - Throws: 400.
    static func refuseLockOut(_ properties: JSONObject?, ofUser id: Int, for request: APIRequest) throws(APIError) {
        guard request.context.principal?.userID == id,
            let list = properties?["allowed_networks"]?["UI"]?.string, !list.trimmingSpace.isEmpty
        else { return }
        let isIn = IPAddress(request.peer).map { NetworkAccess.allows(list, $0) } ?? false
        guard isIn else { throw .wouldLockOut }
    }
}

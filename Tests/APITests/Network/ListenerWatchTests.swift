import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOWebSocket
import Relay
import SkirretRedis
import Testing

@testable import API

@Suite("Listeners under review", .timeLimit(.minutes(5))) struct ListenerWatchTests {
    private typealias Frames = NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator

    private static let bearer = ("Authorization", "Bearer \(APIFixture.token)")
    private static let settings = "/api/core/settings/network_access/"

    /// Runs a body while open sockets are reviewed as in a server.
    private static func withReviews(
        _ fixture: APIFixture, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await fixture.withEvents {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await fixture.server.listeners.run() }
                try await untilHeard(fixture)
                try await body()
                group.cancelAll()
            }
        }
    }

    /// Waits until messages about access arrive; there is one connection for all channels.
    private static func untilHeard(_ fixture: APIFixture) async throws {
        let redis = fixture.services.redis
        while try await redis.send("PUBSUB", "NUMSUB", .init(Keys.accessChanges)).array?.last?.int != 1 {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Opens a socket and reads its greeting.
    private static func listening<R: Sendable>(
        _ port: Int, path: String = "/ws/", _ headers: [(String, String)] = [],
        _ body: @Sendable @concurrent @escaping (inout Listening) async throws -> R
    ) async throws -> R {
        try await WebSocketClient.with(port: port, path: path, headers: headers) { inbound, _ in
            var listening = Listening(frames: inbound.makeAsyncIterator())
            let greeting = try await listening.next()
            #expect(greeting?.contains("connection_established") == true)
            return try await body(&listening)
        }
    }

    private struct Listening {
        var frames: Frames
        mutating func next(isolation: isolated (any Actor)? = #isolation) async throws -> String? {
            try await frames.next(isolation: isolation)?.summary
        }
        /// Why it ends, whatever is heard before.
        mutating func end(isolation: isolated (any Actor)? = #isolation) async throws -> String? {
            while let frame = try await frames.next(isolation: isolation) {
                if frame.opcode == .connectionClose { return frame.summary }
            }
            return nil
        }
    }

    @Test func `an address that falls off the list loses its sockets at once, and only it`() async throws {
        let proxies = NetworkRange.list("127.0.0.0/8")
        try await APIFixture.withServer(change: { $0.trustedProxies = proxies }) { fixture, client in
            try await Self.withReviews(fixture) {
                let port = try #require(client.port)
                try await Self.listening(port, [Self.bearer, ("X-Real-IP", "8.8.8.8")]) { outside in
                    try await Self.listening(port, [Self.bearer, ("X-Real-IP", "10.0.0.1")]) { inside in
                        let saved = try await client.send(
                            .patch, Self.settings, json: ["value": ["UI": "127.0.0.0/8,10.0.0.0/8"]])
                        #expect(saved.status == 200, "\(saved)")
                        try await fixture.services.events.publish(["n": 1])
                        let event = try await inside.next()
                        #expect(event == #"{"type":"update","data":{"n":1}}"#)
                    }
                    // The event may have been on its way to it, too.
                    #expect(try await outside.end() == "close 4403")
                }
                // Counted when its connection is gone.
                while fixture.services.hub.statistics.closedUnauthenticated != 1 {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
        }
    }

    @Test func `another process hears of it, and what it had read of the lists counts no more`() async throws {
        try await APIFixture.withServer { fixture, client in
            // This process only saves; that one has the sockets.
            try await Self.withReviews(fixture) {
                let port = try #require(client.port)
                try await Self.listening(port, [Self.bearer]) { listener in
                    try await fixture.services.catalog.settings.update(.network, with: ["UI": "10.0.0.0/8"])
                    _ = try await fixture.services.redis.send("PUBLISH", .init(Keys.accessChanges), "")
                    #expect(try await listener.end() == "close 4403")
                }
                // At once: nothing is remembered of the lists from before.
                let refused = try await client.send(.get, "/api/tasks/")
                #expect(refused.code == "network_not_allowed", "\(refused)")
            }
        }
    }

    @Test func `what was told while Redis was away is found out when it is back`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            try await Self.withReviews(fixture) {
                let port = try #require(client.port)
                try await Self.listening(port, path: "/ws/?token=\(token)") { listener in
                    let person = try #require(try await fixture.services.catalog.users.find(username: "standard"))
                    var change = UserChange()
                    change.isActive = false
                    // As an operator's command does it: nobody is told.
                    try await fixture.services.catalog.users.update(person.id, change)
                    _ = try await fixture.services.redis.send("CLIENT", "KILL", "TYPE", "pubsub")
                    #expect(try await listener.end() == "close 4401")
                }
            }
        }
    }

    @Test func `somebody's own networks end their sockets and nobody else's`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            let person = try #require(try await fixture.services.catalog.users.find(username: "standard"))
            try await Self.withReviews(fixture) {
                let port = try #require(client.port)
                try await Self.listening(port, [Self.bearer]) { other in
                    try await Self.listening(port, path: "/ws/?token=\(token)") { theirs in
                        let set = try await client.send(
                            .patch, "/api/accounts/users/\(person.id)/",
                            json: ["custom_properties": ["allowed_networks": ["UI": "10.0.0.0/8"]]])
                        #expect(set.status == 200, "\(set)")
                        #expect(try await theirs.end() == "close 4403")
                    }
                    try await fixture.services.events.publish(["n": 1])
                    let event = try await other.next()
                    #expect(event == #"{"type":"update","data":{"n":1}}"#)
                }
            }
        }
    }

    @Test(arguments: ["switched off", "removed", "key revoked", "signed out"])
    func `whoever loses the right to listen loses the socket`(how: String) async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.add([.standard])
            let token = try await client.tokens(.standard).access
            let made = try await client.send(.post, "/api/accounts/api-keys/generate/", as: token)
            let key = try #require(made.json["key"]?.string)
            let person = try #require(try await fixture.services.catalog.users.find(username: "standard"))
            try await Self.withReviews(fixture) {
                let port = try #require(client.port)
                let byToken = how == "signed out"
                try await Self.listening(
                    port, path: byToken ? "/ws/?token=\(token)" : "/ws/", byToken ? [] : [("X-API-Key", key)]
                ) { listener in
                    let path = "/api/accounts/users/\(person.id)/"
                    let answer =
                        switch how {
                        case "switched off": try await client.send(.patch, path, json: ["is_active": false])
                        case "removed": try await client.send(.delete, path)
                        case "key revoked": try await client.send(.post, "/api/accounts/api-keys/revoke/", as: token)
                        default: try await client.send(.post, "/api/accounts/auth/logout/", as: token)
                        }
                    #expect((200...204).contains(answer.status), "\(answer)")
                    #expect(try await listener.end() == "close 4401")
                }
            }
        }
    }

    @Test func `a review finds every change of a person that nobody told of`() async throws {
        try await APIFixture.withServices { fixture in
            try await fixture.add([.standard, .admin])
            let users = fixture.services.catalog.users
            let gate = fixture.server.gate
            let person = try #require(try await users.find(username: "admin"))
            // Somebody must be able to administer all the time.
            var other = UserChange()
            (other.username, other.password, other.level) = ("other", "!", .admin)
            _ = try await users.insert(other)
            let key = "a-key-of-the-tests-0123456789"
            try await users.setAPIKey(person.id, APIKey.stored(key))
            func listener(from address: String = "10.0.0.1") async throws -> RelayIdentity {
                try #require(try await gate.authenticator.principal(key: key)).relayIdentity(from: address)
            }
            func verdict(_ listener: RelayIdentity) async throws -> RelayCloseCode? {
                try await gate.verdicts(on: [listener])[listener]
            }
            let before = try await listener()
            #expect(try await verdict(before) == nil)
            var change = UserChange()
            change.level = .standard
            try await users.update(person.id, change)
            #expect(try await verdict(before) == .unauthenticated, "may hear of tasks no longer")
            #expect(try await verdict(try await listener()) == nil)
            change = UserChange()
            change.level = .streamer
            try await users.update(person.id, change)
            #expect(try await verdict(try await listener()) == .unauthenticated)
            change.level = .admin
            change.customProperties = ["allowed_networks": ["UI": "10.0.0.0/8"]]
            try await users.update(person.id, change)
            #expect(try await verdict(try await listener()) == nil)
            #expect(try await verdict(try await listener(from: "8.8.8.8")) == .notAllowed)
            let held = try await listener()
            try await users.setAPIKey(person.id, APIKey.stored("another-key-of-the-tests"))
            #expect(try await verdict(held) == .unauthenticated)
            let session = try await gate.authenticator.sessions.create(.adminToken)
            let administrator = Principal.administrator(.session(session, remaining: .seconds(60)))
                .relayIdentity(from: "local")
            #expect(try await verdict(administrator) == nil)
            try await gate.authenticator.sessions.end(session)
            #expect(try await verdict(administrator) == .unauthenticated)
        }
    }
}

import NIOCore
import NIOWebSocket
import Testing

@testable import Relay

@Suite("Subscriptions", .timeLimit(.minutes(1))) struct SubscriptionTests {
    private let identity = RelayIdentity(credential: "admin")

    private static func event(_ number: Int, topics: [String] = ["updates"], hasPlace: Bool = true) -> RelayMessage {
        let place = RelayPosition(epoch: "e1", offset: RelayOffset("\(number)-0") ?? .zero)
        return RelayMessage(topics: topics, data: Array(#"{"n":\#(number)}"#.utf8), position: hasPlace ? place : nil)
    }

    @Test func `the first topics replace the default, later ones are added`() {
        var subscription = Subscription()
        #expect(subscription.topics == ["updates"])
        #expect(subscription.add(["plugin:a"], for: identity) == nil)
        #expect(subscription.topics == ["plugin:a"])
        #expect(subscription.add(["updates"], for: identity) == nil)
        subscription.remove(["plugin:a"])
        #expect(subscription.topics == ["updates"])
    }

    @Test(arguments: [
        "*", "", "plugin:", "plugin:*", "admin", "updates ", "plugin:a b", String(repeating: "a", count: 201),
    ])
    func `what is not granted is refused, the rest is not`(topic: String) {
        var subscription = Subscription()
        let refusal = subscription.add([topic, "plugin:a"], for: identity)
        #expect(refusal?.refused == [topic] && refusal?.why == .notGranted)
        #expect(subscription.topics == ["plugin:a"])
    }

    @Test func `there are 128 topics at the most`() {
        var subscription = Subscription()
        #expect(subscription.add((0..<128).map { "plugin:\($0)" }, for: identity) == nil)
        #expect(subscription.add(["plugin:one-more"], for: identity)?.why == .tooMany)
        #expect(subscription.topics.count == 128)
        var other = Subscription()
        #expect(other.add((0..<10_000).map { "plugin:\($0)" }, for: identity)?.why == .tooMany)
        #expect(other.topics == ["updates"])
    }

    @Test func `a client hears its topics and nothing else`() async throws {
        try await RelayServer.withServer { server in
            try await server.connect().executeThenClose { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                try await outbound.write(.masked(.text, #"{"type":"subscribe","topics":["plugin:a","*"]}"#))
                let refusal = try await frames.next()?.summary ?? ""
                #expect(refusal.contains("topic_not_granted") && refusal.contains(#"["*"]"#))
                #expect(
                    try await frames.next()?.summary
                        == #"{"type":"subscribed","data":{"topics":["plugin:a"],"recovered":true}}"#)
                server.hub.publish(Self.event(1))
                server.hub.publish(Self.event(2, topics: ["updates", "plugin:b"]))
                server.hub.publish(Self.event(3, topics: ["updates", "plugin:a"]))
                #expect(try await frames.next()?.summary == #"{"type":"update","data":{"n":3},"offset":"3-0"}"#)
                #expect(server.hub.statistics.refusedTopics == 1)
            }
        }
    }

    @Test func `an event comes once to whoever hears two of its topics, and never to one that left them`() async throws
    {
        try await RelayServer.withServer { server in
            let hub = server.hub
            try await server.connect().executeThenClose { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                #expect(await hub.heard(under: "") == ["updates"])
                try await outbound.write(.masked(.text, #"{"type":"subscribe","topics":["plugin:a","plugin:b"]}"#))
                _ = try await frames.next()
                #expect(await hub.heard(under: "") == ["plugin:a", "plugin:b"])
                hub.publish(Self.event(1, topics: ["updates", "plugin:a", "plugin:b"]))
                hub.publish(Self.event(2, topics: ["plugin:b", "plugin:a"]))
                for number in 1...2 {
                    let text = try await frames.next()?.summary
                    #expect(text == #"{"type":"update","data":{"n":\#(number)},"offset":"\#(number)-0"}"#)
                }
                try await outbound.write(.masked(.text, #"{"type":"unsubscribe","topics":["plugin:a"]}"#))
                _ = try await frames.next()
                #expect(await hub.heard(under: "") == ["plugin:b"])
                #expect(await !hub.isHeard("plugin:a"))
                hub.publish(Self.event(3, topics: ["plugin:a"]))
                hub.publish(Self.event(4, topics: ["plugin:a", "plugin:b"]))
                #expect(try await frames.next()?.summary == #"{"type":"update","data":{"n":4},"offset":"4-0"}"#)
                // Says goodbye to the client and waits for its end.
                await hub.shutdown()
                #expect(await hub.heard(under: "") == [])
            }
        }
    }

    @Test func `a client that comes back while events flow misses none and hears none twice`() async throws {
        try await RelayServer.withServer { server in
            server.hub.publish(Self.event(1))
            var last = 1
            var heard: [Int] = []
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 2...250 {
                        server.hub.publish(Self.event(number))
                        if number.isMultiple(of: 10) { try await Task.sleep(for: .milliseconds(2)) }
                    }
                }
                // Each connection lasts for about thirty events.
                while last < 250 {
                    let new = try await Self.visit(server, after: last)
                    heard += new
                    last = new.last ?? last
                }
                try await group.waitForAll()
            }
            #expect(heard == Array(2...250))
        }
    }

    /// Connects, says where it was, and listens to at most thirty events; gives their numbers.
    private static func visit(_ server: RelayServer, after last: Int) async throws -> [Int] {
        try await server.connect().executeThenClose { inbound, outbound in
            let ask = #"{"type":"subscribe","topics":["updates"],"epoch":"e1","offset":"\#(last)-0"}"#
            try await outbound.write(.masked(.text, ask))
            var numbers: [Int] = []
            var isSubscribed = false
            for try await frame in inbound {
                let text = frame.summary
                if text.contains(#""type":"subscribed""#) {
                    #expect(text.contains(#""recovered":true"#))
                    isSubscribed = true
                }
                // What comes before the answer comes again after it.
                guard isSubscribed, let number = text.split(separator: #""n":"#).last?.prefix(while: \.isNumber) else {
                    continue
                }
                if let number = Int(number) { numbers.append(number) }
                if numbers.count == 30 || numbers.last == 250 { break }
            }
            return numbers
        }
    }

    @Test func `after a gap that nothing fills, all are told to fetch anew`() async throws {
        try await RelayServer.withServer { server in
            try await server.connect().executeThenClose { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                server.hub.publish(Self.event(1))
                _ = try await frames.next()
                server.hub.missed(upTo: RelayPosition(epoch: "e1", offset: RelayOffset("90-0") ?? .zero))
                #expect(try await frames.next()?.summary.hasPrefix(#"{"type":"resync""#) == true)
                let ask = #"{"type":"subscribe","topics":["updates"],"epoch":"e1","offset":"1-0"}"#
                try await outbound.write(.masked(.text, ask))
                #expect(
                    try await frames.next()?.summary
                        == #"{"type":"subscribed","data":{"topics":["updates"],"recovered":false,"epoch":"e1","offset":"90-0"}}"#
                )
            }
        }
    }
}

import NIOCore
import NIOWebSocket
import Testing

@testable import Relay

@Suite("Relay hub", .timeLimit(.minutes(1))) struct RelayHubTests {
    private typealias Frames = NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator

    private func event(_ number: Int, padding: Int = 0) -> RelayMessage {
        let text = #"{"type":"tick","n":\#(number),"pad":"\#(String(repeating: "x", count: padding))"}"#
        return RelayMessage(topics: ["updates"], data: Array(text.utf8))
    }

    @Test func `a listener is greeted, then hears every event in order`() async throws {
        try await RelayServer.withServer { server in
            try await server.connect().executeThenClose { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                #expect(try await frames.next()?.summary.contains("connection_established") == true)
                for number in 0..<100 { server.hub.publish(event(number)) }
                for number in 0..<100 {
                    let text = try await frames.next()?.summary
                    #expect(text == #"{"type":"update","data":{"type":"tick","n":\#(number),"pad":""}}"#)
                }
            }
        }
    }

    @Test func `a review closes whom it names, with its code, and nobody else`() async throws {
        let identity = RelayIdentity(credential: "key", owner: "user:1", address: "10.0.0.1")
        try await RelayServer.withServer(identity: identity) { server in
            try await server.connect().executeThenClose { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                try await server.hub.review { listeners in
                    #expect(listeners == [identity])
                    return [:]
                }
                struct Busy: Error {}
                await #expect(throws: Busy.self) { try await server.hub.review { _ in throw Busy() } }
                server.hub.publish(event(1))
                #expect(try await frames.next()?.summary.contains(#""n":1"#) == true)
                try await server.hub.review { _ in [identity: .notAllowed] }
                #expect(try await frames.next()?.summary == "close 4403")
            }
        }
    }

    @Test func `who was let in before a review that did not see it comes again`() async throws {
        try await RelayServer.withServer(admitted: 0) { server in
            try await server.connect().executeThenClose { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                server.hub.publish(event(1))
                let text = try await frames.next()?.summary
                #expect(text?.contains(#""n":1"#) == true)
            }
            await server.hub.end(credential: "somebody else")
            try await server.connect().executeThenClose { inbound, _ in
                let last = try await inbound.first { $0.opcode == .connectionClose }
                #expect(last?.summary == "close 1001")
            }
        }
    }

    @Test func `two hundred listeners hear the same`() async throws {
        try await RelayServer.withServer { server in
            let heard = try await withThrowingTaskGroup(of: Int.self) { group in
                let (ready, signal) = AsyncStream.makeStream(of: Void.self)
                for _ in 0..<200 {
                    group.addTask {
                        try await server.connect().executeThenClose { inbound, _ in
                            var frames = inbound.makeAsyncIterator()
                            _ = try await frames.next()
                            signal.yield()
                            var count = 0
                            while count < 50, try await frames.next()?.opcode == .text { count += 1 }
                            return count
                        }
                    }
                }
                var waiting = ready.makeAsyncIterator()
                for _ in 0..<200 { await waiting.next() }
                #expect(server.hub.statistics.open == 200)
                for number in 0..<50 { server.hub.publish(event(number)) }
                return try await group.reduce(0, +)
            }
            #expect(heard == 10_000)
        }
    }

    @Test func `a listener that stops reading is cut, and nobody else notices`() async throws {
        var limits = RelayLimits()
        limits.closeDeadline = .milliseconds(200)
        try await RelayServer.withServer(limits: limits) { server in
            let slow = try await server.connect()
            try await slow.channel.setOption(.autoRead, value: false).get()
            try await server.connect().executeThenClose { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                var sent = 0
                while server.hub.statistics.closedTooSlow == 0 {
                    server.hub.publish(event(sent, padding: 60_000))
                    #expect(try await frames.next()?.summary.contains(#""n":\#(sent),"#) == true)
                    sent += 1
                    guard sent < 2_000 else { break }
                }
                #expect(server.hub.statistics.closedTooSlow == 1)
                #expect(server.hub.statistics.open == 1)
            }
            // Reset: nothing of what it has not taken is kept for it, and it hears so though it reads nothing.
            try await slow.channel.closeFuture.get()
            try? await slow.executeThenClose { _, _ in }  // Closed already.
        }
    }

    @Test func `the first frame may carry the token`() async throws {
        try await RelayServer.withServer(identity: nil) { server in
            try await server.connect().executeThenClose { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                try await outbound.write(.masked(.text, #"{"type":"auth","token":"good"}"#))
                #expect(try await frames.next()?.summary.contains("connection_established") == true)
            }
            try await server.connect().executeThenClose { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                try await outbound.write(.masked(.text, #"{"type":"auth","token":"stolen"}"#))
                #expect(try await frames.next()?.summary == "close 4401")
            }
        }
    }

    @Test func `nothing is heard before authentication, and silence ends with 4401`() async throws {
        var limits = RelayLimits()
        limits.authenticationDeadline = .milliseconds(100)
        try await RelayServer.withServer(limits: limits, identity: nil) { server in
            try await server.connect().executeThenClose { inbound, _ in
                server.hub.publish(event(1))
                var frames = inbound.makeAsyncIterator()
                let answer = try await frames.next()
                #expect(answer?.summary == "close 4401")
            }
        }
    }

    @Test func `a listener that answers no ping is closed`() async throws {
        var limits = RelayLimits()
        limits.pingInterval = .milliseconds(50)
        limits.pongDeadline = .milliseconds(50)
        try await RelayServer.withServer(limits: limits) { server in
            try await server.connect().executeThenClose { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                #expect(try await frames.next()?.opcode == .ping)
                #expect(try await frames.next()?.summary == "close 4408")
            }
        }
    }

    @Test(arguments: [
        (WebSocketFrame.masked(.text, String(repeating: "x", count: 70_000)), 1009),
        (WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: "unmasked")), 1002),
        (WebSocketFrame(fin: true, rsv1: true, opcode: .text, maskKey: .random(), data: ByteBuffer()), 1002),
        (WebSocketFrame(fin: false, opcode: .ping, maskKey: .random(), data: ByteBuffer()), 1002),
        (WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(bytes: [0xFF])), 1007),
    ])
    func `a client that breaks the rules is told which`(frame: WebSocketFrame, code: Int) async throws {
        try await RelayServer.withServer { server in
            try await server.connect().executeThenClose { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                try await outbound.write(frame)
                #expect(try await frames.next()?.summary == "close \(code)")
            }
        }
    }

    @Test func `ending a credential closes its sockets and no others`() async throws {
        try await RelayServer.withServer { server in
            try await server.connect().executeThenClose { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                await server.hub.end(credential: "somebody else")
                server.hub.publish(event(1))
                #expect(try await frames.next()?.opcode == .text)
                await server.hub.end(credential: "admin")
                #expect(try await frames.next()?.summary == "close 4401")
            }
        }
    }

    @Test func `a stopping relay says goodbye and waits for the answers`() async throws {
        try await RelayServer.withServer { server in
            try await server.connect().executeThenClose { inbound, outbound in
                var frames = inbound.makeAsyncIterator()
                _ = try await frames.next()
                async let stopped: Void = server.hub.shutdown()
                #expect(try await frames.next()?.summary == "close 1001")
                try await outbound.write(.masked(.connectionClose))
                #expect(try await frames.next() == nil)
                await stopped
                #expect(server.hub.statistics.open == 0)
            }
            try await server.connect().executeThenClose { inbound, _ in
                var frames = inbound.makeAsyncIterator()
                let answer = try await frames.next()
                #expect(answer?.summary == "close 1001")
            }
        }
    }
}

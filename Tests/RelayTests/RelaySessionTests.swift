import NIOCore
import Testing

@testable import Relay

@Suite("Relay session") struct RelaySessionTests {
    var session = RelaySession(limits: RelayLimits(), now: .start)

    private mutating func open(_ identity: RelayIdentity = RelayIdentity(credential: "admin")) {
        _ = session.verified(identity, now: .start)
    }

    @Test mutating func `a client that came with a cookie is greeted and joins at once`() {
        let actions = session.verified(RelayIdentity(credential: "admin"), now: .start)
        #expect(actions == [.send(ServerFrame.established), .join])
        #expect(session.identity?.credential == "admin")
    }

    @Test mutating func `a client that never says who it is is closed with 4401 after five seconds`() {
        #expect(session.nextDeadline == .after(5))
        #expect(session.timePassed(now: .after(4.9)).isEmpty)
        #expect(session.timePassed(now: .after(5)) == [.leave, .sendClose(.unauthenticated)])
        #expect(session.timePassed(now: .after(7)) == [.leave, .abort])
        #expect(session.nextDeadline == nil)
    }

    @Test mutating func `a token in the first frame is looked up, and only once`() {
        let frame = RelaySession.Frame.text(#"{"type":"auth","token":"secret"}"#)
        #expect(session.received(frame, now: .start) == [.verify(token: "secret")])
        #expect(session.received(frame, now: .start).isEmpty)
        #expect(session.verified(nil, now: .after(1)) == [.leave, .sendClose(.unauthenticated)])
        #expect(session.verified(RelayIdentity(credential: "late"), now: .after(1)).isEmpty)
    }

    @Test mutating func `a lookup that takes too long does not extend the deadline`() {
        _ = session.received(.text(#"{"type":"auth","token":"secret"}"#), now: .after(3))
        #expect(session.timePassed(now: .after(5)) == [.leave, .sendClose(.unauthenticated)])
    }

    @Test mutating func `an open socket is pinged every 25 seconds and closed after 10 of silence`() {
        open()
        #expect(session.nextDeadline == .after(25))
        #expect(session.timePassed(now: .after(25)) == [.send(ServerFrame.ping)])
        #expect(session.received(.control(.pong), now: .after(26)).isEmpty)
        #expect(session.timePassed(now: .after(50)) == [.send(ServerFrame.ping)])
        #expect(session.nextDeadline == .after(60))
        #expect(session.timePassed(now: .after(60)) == [.leave, .sendClose(.silent)])
    }

    @Test mutating func `a credential that expires closes its socket`() {
        open(RelayIdentity(credential: "short", validFor: .seconds(8)))
        #expect(session.nextDeadline == .after(8))
        #expect(session.timePassed(now: .after(8)) == [.leave, .sendClose(.unauthenticated)])
    }

    @Test mutating func `a ping is answered with its own payload`() {
        open()
        let actions = session.received(.control(.ping, "tick"), now: .start)
        #expect(actions == [.send(ServerFrame.pong(ByteBuffer(string: "tick")))])
    }

    @Test mutating func `goodbye is answered and the connection dropped`() {
        open()
        let actions = session.received(.control(.close), now: .start)
        #expect(actions == [.leave, .sendClose(.normal), .leave, .hangUp])
        #expect(session.disconnected() == [.leave])
        #expect(session.disconnected().isEmpty)
    }

    @Test mutating func `who says goodbye and takes nothing more is dropped after two seconds`() {
        open()
        _ = session.received(.control(.close), now: .start)
        #expect(session.received(.control(.close), now: .after(1)).isEmpty)
        #expect(session.nextDeadline == .after(2))
        #expect(session.timePassed(now: .after(2)) == [.leave, .abort])
        #expect(session.nextDeadline == nil)
    }

    @Test mutating func `after our goodbye only the answer counts`() {
        open()
        _ = session.close(.goingAway, now: .start)
        #expect(session.received(.text("hello"), now: .start).isEmpty)
        #expect(session.close(.tooSlow, now: .start).isEmpty)
        #expect(session.received(.control(.close), now: .start) == [.leave, .hangUp])
        #expect(session.closeCode == .goingAway)
    }

    @Test(arguments: [
        (RelaySession.Frame.text("x", masked: false), RelayCloseCode.protocolError),
        (RelaySession.Frame(kind: .text, hasReservedBits: true, payload: ByteBuffer()), .protocolError),
        (.control(.reserved), .protocolError),
        (.more("no beginning", final: true), .protocolError),
        (.bytes([0x22, 0xFF, 0x22]), .invalidText),
        (.bytes([0xED, 0xA0, 0x80]), .invalidText),
        (.bytes([UInt8](repeating: 0x20, count: 65_537)), .tooBig),
    ])
    mutating func `a frame that breaks the rules closes the socket with its code`(
        frame: RelaySession.Frame, code: RelayCloseCode
    ) {
        open()
        #expect(session.received(frame, now: .start) == [.leave, .sendClose(code)])
    }

    @Test mutating func `fragments are joined, and a control frame may come between them`() {
        #expect(session.received(.text(#"{"type":"auth","#, final: false), now: .start).isEmpty)
        #expect(session.received(.control(.ping), now: .start) == [.send(ServerFrame.pong(ByteBuffer()))])
        #expect(session.received(.more(#""token":"#, final: false), now: .start).isEmpty)
        #expect(session.received(.more(#""t"}"#, final: true), now: .start) == [.verify(token: "t")])
    }

    @Test mutating func `a new message inside an unfinished one is refused`() {
        open()
        _ = session.received(.text("a", final: false), now: .start)
        #expect(session.received(.text("b"), now: .start) == [.leave, .sendClose(.protocolError)])
    }

    @Test mutating func `endless fragments end at the size limit`() {
        open()
        let piece = String(repeating: "x", count: 30_000)
        _ = session.received(.text(piece, final: false), now: .start)
        _ = session.received(.more(piece, final: false), now: .start)
        #expect(session.received(.more(piece, final: false), now: .start) == [.leave, .sendClose(.tooBig)])
    }

    @Test mutating func `a client may burst, but not for ever`() {
        open()
        for _ in 0..<100 { #expect(session.received(.control(.pong), now: .start).isEmpty) }
        #expect(session.received(.control(.pong), now: .start) == [.leave, .sendClose(.tooManyFrames)])
    }

    @Test mutating func `a steady client is never cut`() {
        open()
        for tick in 0..<2_000 {
            #expect(session.received(.control(.pong), now: .after(Double(tick) / 50)).isEmpty)
        }
    }

    @Test mutating func `what it does not understand is said, not guessed`() {
        func answer(_ text: String) -> String {
            guard case .send(let frame)? = session.received(.text(text), now: .start).first else { return "" }
            return String(buffer: frame)
        }
        #expect(answer(#"{"type":"dance"}"#).contains("authentication_required"))
        open()
        #expect(answer(#"{"type":"dance"}"#).contains("unknown_message"))
        #expect(answer("{").contains("unknown_message"))
        #expect(answer(#"{"type":"subscribe","topics":["*"]}"#).contains("topic_not_granted"))
    }
}

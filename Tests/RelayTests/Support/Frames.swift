import NIOCore

@testable import Relay

extension RelaySession.Frame {
    static func text(_ text: String, final: Bool = true, masked: Bool = true) -> Self {
        Self(kind: .text, isFinal: final, isMasked: masked, payload: ByteBuffer(string: text))
    }
    static func more(_ text: String, final: Bool) -> Self {
        Self(kind: .continuation, isFinal: final, payload: ByteBuffer(string: text))
    }
    static func bytes(_ bytes: [UInt8]) -> Self { Self(kind: .text, payload: ByteBuffer(bytes: bytes)) }
    static func control(_ kind: Kind, _ text: String = "") -> Self {
        Self(kind: kind, payload: ByteBuffer(string: text))
    }
}

extension RelaySession.Action {
    static func sendClose(_ code: RelayCloseCode) -> Self { .send(ServerFrame.close(code)) }
}

extension NIODeadline {
    static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    static func after(_ seconds: Double) -> NIODeadline { .start + .nanoseconds(Int64(seconds * 1e9)) }
}

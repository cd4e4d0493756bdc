import CeleryProtocol
import NIOCore

typealias CallMailbox = EventMailbox<PluginEvent, Result<JSONValue, PluginError>>

/// What the edge keeps of one call while it lasts; the decisions about it are ``ChildState``'s.
struct CallRecord {
    /// The call's frame, until it was sent.
    var request: ByteBuffer?
    let summary: String
    let deadline: Duration
    let grace: Duration
    let mailbox: CallMailbox
    /// Timers to cancel when it is settled.
    var timers: [Scheduled<Void>] = []
}

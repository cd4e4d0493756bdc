/// How much of our memory and time one socket may cost.
public struct RelayLimits: Sendable {
    /// A socket that has not said who it is gets 4401.
    ///
    /// 5 s: one slow round trip, no more.
    public var authenticationDeadline: Duration = .seconds(5)
    /// 25 s: below the 30 s after which careless proxies drop an idle connection.
    public var pingInterval: Duration = .seconds(25)
    /// A peer silent for this long after a ping is gone.
    public var pongDeadline: Duration = .seconds(10)
    /// How long the peer may take to answer our close frame before the socket is dropped, with what waits in it.
    public var closeDeadline: Duration = .seconds(2)
    /// Largest message from a client, fragments together.
    ///
    /// 64 KiB: clients only ever ask.
    public var inboundFrameBytes = 64 * 1024
    /// Frames a second from one client, in the long run.
    public var inboundFramesPerSecond = 50
    /// Frames at once; also what a fresh socket starts with.
    public var inboundBurst = 100
    /// Bytes waiting for one client.
    ///
    /// Frames are shared, so a thousand slow clients do not cost a thousand copies.
    public var queueBytes = 1024 * 1024
    /// A client whose oldest waiting frame is older than this is too slow, however few bytes they are.
    public var queuePatience: Duration = .seconds(10)
    /// Bytes handed to the socket beyond what the kernel has taken; the rest waits in our own queue, which can be thrown away.
    public var socketBufferBytes = 64 * 1024
    /// Bytes that the kernel keeps for one client and has not sent.
    ///
    /// 128 KiB. Left to itself Linux takes 4 MB a socket, counted by nobody, and a client is found to be slow only when
    /// they are full.
    public var kernelBufferBytes = 128 * 1024
    /// Events kept for clients that come back.
    public var historyEvents = 300
    /// Bytes of events kept for clients that come back.
    public var historyBytes = 4 * 1024 * 1024
    /// Bytes published but not yet seen by an event loop.
    ///
    /// Beyond it the loop's sockets are closed rather than left with a gap.
    public var mailboxBytes = 16 * 1024 * 1024

    /// The limits that the product promises.
    public init() {}
}

/// Deadlines and bounds of one client or subscriber; the defaults are the ones the whole product promises.
public struct RedisOptions: Sendable {
    /// From the first look-up of the host to the last answer of the log-in.
    ///
    /// 1 s.
    public var connectDeadline: Duration = .seconds(1)

    /// From the call to its answer, connecting included.
    ///
    /// 2 s: nobody waits longer for a Redis that is gone.
    ///
    /// A command that was sent and is overdue also costs the connection, because replies come in order.
    public var commandDeadline: Duration = .seconds(2)

    /// Shown by `CLIENT LIST`; no spaces.
    ///
    /// Nil sets none.
    public var clientName: String?

    /// Commands sent and not yet answered, over which further callers wait.
    ///
    /// 65,536: far above any healthy burst.
    public var maximumInFlightCommands = 65_536

    /// Bytes sent and not yet answered, over which further callers wait.
    ///
    /// 64 MiB. One larger command passes alone.
    public var maximumInFlightBytes = 64 << 20

    /// The largest reply that is read; a larger one ends the connection.
    ///
    /// 512 MiB, Redis's own limit of a value.
    public var maximumReplyBytes = 512 << 20

    /// The first and the longest pause between two attempts to connect; doubled in between, each cut by up to half.
    public var reconnectPause: ClosedRange<Duration> = .milliseconds(20)...(.seconds(1))

    /// Messages a subscription holds for its reader before it drops them and says `.subscribed` again.
    ///
    /// 1,024.
    public var maximumBufferedMessages = 1_024

    /// Bytes a subscription holds for its reader before it drops them and says `.subscribed` again.
    ///
    /// 16 MiB.
    public var maximumBufferedMessageBytes = 16 << 20

    /// How often a quiet subscriber asks whether Redis is still there.
    ///
    /// 10 s.
    public var pingInterval: Duration = .seconds(10)

    /// The defaults.
    public init() {}
}

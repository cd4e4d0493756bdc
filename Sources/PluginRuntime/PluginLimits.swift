/// What one plugin's process may use.
///
/// Set in the process between fork and its first line of code.
public struct PluginLimits: Sendable, Hashable {
    /// Address space it may add to the warm host's, in bytes.
    ///
    /// 512 MiB: the promise page's figure.
    public var memoryBytes: Int
    /// Processes and threads.
    ///
    /// 64. The kernel does not count them for root.
    public var processes: Int
    /// Open descriptors.
    ///
    /// 256: the promise page's figure.
    public var openFiles: Int
    /// Size of one file it writes, in bytes.
    ///
    /// 1 GiB: a recording or an export fits, a runaway log does not fill a disk.
    public var fileBytes: Int

    /// The defaults, or others.
    public init(
        memoryBytes: Int = 512 << 20, processes: Int = 64, openFiles: Int = 256, fileBytes: Int = 1 << 30
    ) {
        self.memoryBytes = memoryBytes
        self.processes = processes
        self.openFiles = openFiles
        self.fileBytes = fileBytes
    }
}

/// Times and sizes of the plugin host.
public struct PluginHostOptions: Sendable {
    /// What each plugin's process may use.
    public var limits = PluginLimits()
    /// What each plugin's process may reach.
    public var sandbox = PluginSandbox()
    /// How long a call may wait for its process to exist.
    ///
    /// 20 s: a cold start of Django on a busy disk takes five.
    public var startDeadline = Duration.seconds(20)
    /// Calls of one plugin at a time.
    ///
    /// 32: half the processes it may have, as each call is a thread.
    public var callsPerPlugin = 32
    /// Crashes within ``crashWindow`` after which a plugin rests.
    ///
    /// 5.
    public var crashesBeforeSuspension = 5
    /// How long a crash counts.
    ///
    /// 60 s.
    public var crashWindow = Duration.seconds(60)
    /// How long a plugin rests.
    ///
    /// 60 s.
    public var suspension = Duration.seconds(60)
    /// Events and updates per second that one plugin may send; twice as many at once.
    ///
    /// 200.
    public var eventsPerSecond = 200
    /// Log records and output lines per second that are kept of one plugin; ten times as many at once.
    ///
    /// 500.
    public var linesPerSecond = 500
    /// Bytes of one frame from a plugin.
    ///
    /// 17 MiB: a result of 16 MiB and its wrapping.
    public var maximumFrameBytes = 17 << 20

    /// The defaults.
    public init() {}
}

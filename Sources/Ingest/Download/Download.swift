import AsyncHTTPClient
public import Logging
public import NIOCore
import NIOPosix
import Synchronization

/// Fetches one file, from the web or from the disk, and hands it over piece by piece.
///
///     let download = Download(options: options)
///     try await download.run(.web("http://…/list.m3u")) { print($0.percent) } receive: { parser.feed($0) }
///
/// The next piece is asked for when the last one was taken, so that memory does not grow with the file.
/// Nothing is written anywhere. Redirects are followed here, each hop judged by ``AddressPolicy``. A connection that is
/// cut is taken up where it was cut, if the server names versions of its files; see ``ResumePolicy``.
public struct Download: Sendable {
    /// Who chose an address, and with it which hosts may be private.
    public enum Trust: Sendable, Equatable {
        /// An administrator typed it: its host may be private, that of a redirect may not.
        case typed
        /// A feed, a page or a plugin names it: private is allowed for the host and port of the address that an
        /// administrator typed for that feed, and for none when nobody did.
        case named(typed: String?)
    }

    /// How a file is fetched.
    public struct Options: Sendable {
        /// Whose address it is.
        public var trust = Trust.typed
        /// Sent as `User-Agent`.
        public var userAgent = "Dispatcharr/0.1"
        /// Until a connection stands.
        public var connectDeadline = Duration.seconds(30)
        /// From the request to the beginning of the answer; servers may make their files on demand.
        public var firstByteDeadline = Duration.seconds(60)
        /// Waiting that must bring `idleBytes`; see ``TransferClock``.
        public var idleDeadline = Duration.seconds(60)
        /// 16 KiB in a minute: slower servers never finish a guide.
        public var idleBytes = 16_384
        /// For everything; a guide of 300 MB at 100 KB/s.
        public var totalDeadline = Duration.seconds(3600)
        /// Bytes on the wire, 4 GiB.
        public var maximumBytes = 4 << 30
        /// At least this long between two progress reports.
        public var progressInterval = Duration.milliseconds(500)
        /// Redirects followed.
        public var maximumRedirects = 5
        /// Further headers, for the address that was asked for and no other origin.
        var headers: [(name: String, value: String)] = []
        /// A question in JSON; with one the request is a POST, and no redirect is followed.
        var question: [UInt8]?

        /// The defaults.
        public init() {}
    }

    /// What came of a download.
    public struct Receipt: Sendable, Equatable {
        /// How far it got.
        public let progress: DownloadProgress
        /// Which version of the file it was; nil when the server does not say.
        public let version: FileVersion?
        /// Whether it is the version that was known, of which nothing was handed over.
        public let isUnchanged: Bool
        /// What the bytes that were handed over, or found unchanged, come to.
        public let digest: String?
    }

    private let options: Options
    private let logger: Logger

    /// A downloader; holds no connection.
    public init(options: Options = Options(), logger: Logger = Logger(label: "skirret.ingest.download")) {
        self.options = options
        self.logger = logger
    }

    /// Fetches the file to its end.
    ///
    /// - Parameters:
    ///   - source: what to fetch.
    ///   - known: a version that need not be fetched again.
    ///   - progress: called when the first byte is near, then at most every half second.
    ///   - receive: takes the next bytes; what it throws ends the download.
    /// - Returns: the last progress, and what the file was.
    /// - Throws: `DownloadError`, `CancellationError`, or what the closures throw.
    @discardableResult
    public func run(
        _ source: IngestSource, unless known: FileVersion? = nil,
        progress: @escaping @Sendable (DownloadProgress) async throws -> Void = { _ in },
        receive: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) async throws -> Receipt {
        let transfer = Transfer(options: options, known: known, progress: progress, receive: receive)
        return try await withThrowingTaskGroup(of: Receipt?.self) { group in
            group.addTask {
                switch source {
                case .web(let address): try await WebTransfer(transfer, options, logger).run(address)
                case .file(let path): try await FileTransfer(transfer).run(path)
                }
                return transfer.receipt
            }
            group.addTask {
                try await transfer.watch()
                return nil
            }
            defer { group.cancelAll() }
            for try await result in group { if let result { return result } }
            throw CancellationError()
        }
    }
}

extension Download.Receipt {
    /// The version with what its bytes come to; never nil after a download that came to its end.
    var fullVersion: FileVersion? { FileVersion(tag: version?.tag, modified: version?.modified, digest: digest) }

    /// Whether the bytes are those of a version that was known, whether they were handed over or not.
    func repeats(_ known: FileVersion?) -> Bool {
        isUnchanged || (digest != nil && digest == known?.digest)
    }
}

extension Download {
    /// Hands over the bytes of each piece; for benches, which want no buffers.
    package func read(
        _ source: IngestSource, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        try await run(source) { piece in try piece.withUnsafeReadableBytes { try body($0) } }
    }
}

/// What web and file transfers share: counting, progress, deadlines.
final class Transfer: Sendable {
    private struct State {
        var clock: TransferClock
        var bytes = 0
        var total: Int?
        var lastReport: ContinuousClock.Instant?
        var version: FileVersion?
        var isUnchanged = false
        var digest = ContentDigest()
        /// Bytes still to be dropped: they were handed over before the connection was cut.
        var toSkip = 0
    }

    /// A version that need not be fetched again.
    let known: FileVersion?

    private let options: Download.Options
    private let progress: @Sendable (DownloadProgress) async throws -> Void
    private let receive: @Sendable (ByteBuffer) async throws -> Void
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    init(
        options: Download.Options, known: FileVersion?,
        progress: @escaping @Sendable (DownloadProgress) async throws -> Void,
        receive: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) {
        self.options = options
        self.known = known
        self.progress = progress
        self.receive = receive
        let clock = TransferClock(
            window: options.idleDeadline, minimumBytes: options.idleBytes, total: start + options.totalDeadline)
        state = Mutex(State(clock: clock))
    }

    /// Says that the body begins.
    func begin(total: Int?, version: FileVersion?) async throws {
        if let total, total > options.maximumBytes { throw tooLarge }
        state.withLock {
            $0.total = total
            $0.version = version
            $0.lastReport = .now
        }
        try await progress(reading)
        waitForMore()
    }

    /// Says that the body goes on where it was cut, or from its beginning.
    func resume(skipping bytes: Int) {
        state.withLock { $0.toSkip = bytes }
        waitForMore()
    }

    /// Says that the file is the known one, if only under a new name.
    func keepKnown(as version: FileVersion? = nil) {
        state.withLock {
            $0.isUnchanged = true
            $0.version = version ?? known
        }
    }

    /// Where the transfer stands: what came so far, of which version, of how much.
    var standing: (offset: Int, version: FileVersion?, total: Int?) {
        state.withLock { ($0.bytes, $0.version, $0.total) }
    }

    func take(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        let dropped = state.withLock { state in
            let count = min(state.toSkip, buffer.readableBytes)
            state.toSkip -= count
            return count
        }
        buffer.moveReaderIndex(forwardBy: dropped)
        guard buffer.readableBytes > 0 else { return waitForMore() }
        let now = ContinuousClock.now
        let (bytes, isDue) = state.withLock { state in
            state.clock.receive(buffer.readableBytes, at: now)
            state.bytes += buffer.readableBytes
            buffer.withUnsafeReadableBytes { state.digest.add($0) }
            let isDue = state.lastReport.map { $0.duration(to: now) >= options.progressInterval } ?? true
            if isDue { state.lastReport = now }
            return (state.bytes, isDue)
        }
        guard bytes <= options.maximumBytes else { throw tooLarge }
        try await receive(buffer)
        if isDue { try await progress(reading) }
        try Task.checkCancellation()
        waitForMore()
    }

    /// How far the transfer is now.
    var reading: DownloadProgress {
        let elapsed = start.duration(to: .now)
        return state.withLock {
            DownloadProgress(bytes: $0.bytes, total: $0.total, elapsed: elapsed / .seconds(1))
        }
    }

    /// What came of it.
    var receipt: Download.Receipt {
        let progress = reading
        return state.withLock {
            Download.Receipt(
                progress: progress, version: $0.version, isUnchanged: $0.isUnchanged,
                digest: $0.isUnchanged ? known?.digest : $0.digest.text)
        }
    }

    /// Returns never; throws when the transfer is late.
    func watch() async throws {
        let shortest = min(options.idleDeadline, options.totalDeadline)
        while true {
            try await Task.sleep(for: min(max(shortest / 4, .milliseconds(10)), .seconds(1)))
            if let lateness = state.withLock({ $0.clock.lateness(at: .now) }) {
                throw DownloadError(.timedOut, "The download was given up: \(lateness).")
            }
        }
    }

    /// Says that the other side is expected to send something from now on.
    func waitForMore() {
        state.withLock { $0.clock.wait(from: .now) }
    }

    private var tooLarge: DownloadError {
        DownloadError(.tooLarge, "The file is larger than \(options.maximumBytes >> 20) MiB.")
    }
}

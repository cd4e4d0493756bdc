public import Logging
import NIOCore
import Synchronization

/// Reads which groups a playlist names, without keeping anything else of it.
public struct PlaylistGroups: Sendable {
    private let options: PlaylistRefresh.Options
    private let logger: Logger

    /// A reader.
    public init(options: PlaylistRefresh.Options = .init(), logger: Logger) {
        self.options = options
        self.logger = logger
    }

    /// The groups in the order of the file, and how many streams there are.
    ///
    /// - Throws: `RefreshError` with the words that a whole refresh would fail with, or `CancellationError`.
    public func read(_ account: PlaylistAccount) async throws -> (groups: [String], streams: Int) {
        if let fields = account.xtream { return try await categories(fields, account) }
        guard let source = account.source else {
            throw RefreshError(code: .download, message: PlaylistMessages.noSource)
        }
        var download = options.download
        if let userAgent = account.userAgent { download.userAgent = userAgent }
        let filters = try FilterChain([])
        let bench = ParserBench(
            PlaylistReader(account, filters: filters, limits: options, checksContent: source.isWeb))
        let streams = Mutex(0)
        do {
            try await Download(options: download, logger: logger).run(source) { buffer in
                let found = try await bench.work { try $0.read(buffer).count }
                streams.withLock { $0 += found }
            }
            let rest = try await bench.work { try $0.finish().count }
            streams.withLock { $0 += rest }
        } catch let error as DownloadError {
            throw RefreshError(code: .download, message: PlaylistMessages.failure(error, source))
        } catch let fault as ContentFault {
            throw RefreshError(code: .content, message: PlaylistMessages.fault(fault.fault, source))
        } catch let error as DecompressionError {
            throw RefreshError(code: .content, message: error.message)
        }
        let groups = bench.read { $0.groups.map(\.name) }
        guard !groups.isEmpty else { throw RefreshError(code: .content, message: PlaylistMessages.noStreams) }
        return (groups, streams.withLock { $0 })
    }

    /// An Xtream server's live categories; how many streams there are it says with the streams only.
    private func categories(
        _ fields: XtreamFields, _ account: PlaylistAccount
    ) async throws -> (groups: [String], streams: Int) {
        var download = options.download
        if let userAgent = account.userAgent { download.userAgent = userAgent }
        let server = XtreamServer(login: try XtreamLogin(fields), options: download, logger: logger)
        _ = try await server.account()
        return (try await server.liveCategories().map(\.name), 0)
    }
}

public import Foundation
import Logging
public import SkirretRedis
import Synchronization

/// A real redis-server of one test: in a folder of its own, reachable when it is handed over, gone afterwards.
///
///     @Test func `a list keeps its order`() async throws {
///         try await ThrowawayRedis.withServer { url in
///             let redis = RedisClient(url)
///             …
///         }
///     }
///
/// Fault tests hold the server itself: `kill`, `restart`, `pause`. It needs `redis-server` in the `PATH`.
/// A test process that crashes leaves no server behind.
public final class ThrowawayRedis: Sendable {
    /// How the server is started.
    public struct Configuration: Sendable {
        /// Where the server listens.
        public enum Listener: Sendable {
            /// A socket in the server's own folder.
            case unixSocket
            /// A free port of the loopback interface.
            case tcp
            /// The same over TLS, with certificates of its own; the URL names their authority.
            case tls
            /// TLS that lets nobody in without a client's certificate; the URL shows one.
            case mutualTLS
        }

        /// Where the server listens; a unix socket unless said otherwise.
        public var listener = Listener.unixSocket
        /// Whether every write is in the append-only file before it is answered, so that a restart finds it.
        public var isDurable = false
        /// The password of the `default` user, if it shall have one.
        public var password: String?
        /// The users, as an ACL file has them, one a line: `user ann on >secret ~ann:* +@read`.
        ///
        /// The URL is still the `default` user's.
        public var accessList: String?
        /// The master of which this server is a copy.
        public var master: RedisURL?
        /// What a sentinel is told besides where it listens; it is no data server then.
        var sentinel: String?
        /// Further arguments of `redis-server`: `["--maxmemory", "10mb"]`.
        public var arguments: [String] = []

        /// A unix socket, nothing kept, no password.
        public init(
            listener: Listener = .unixSocket, isDurable: Bool = false, password: String? = nil,
            accessList: String? = nil, master: RedisURL? = nil, arguments: [String] = []
        ) {
            self.listener = listener
            self.isDurable = isDurable
            self.password = password
            self.accessList = accessList
            self.master = master
            self.arguments = arguments
        }
    }

    /// Where the server listens; the same after a restart.
    public let url: RedisURL
    /// The server's folder: socket, log, append-only file.
    public let folder: URL

    /// The files behind a TLS listener; nil for the others.
    public let certificates: ThrowawayCertificates?

    private let configuration: Configuration
    private let process: Mutex<ServerProcess?>

    private init(
        url: RedisURL, folder: URL, configuration: Configuration, certificates: ThrowawayCertificates?
    ) {
        self.certificates = certificates
        self.url = url
        self.folder = folder
        self.configuration = configuration
        process = Mutex(nil)
    }

    deinit {
        process.withLock { $0 }?.signal(SIGKILL)
        try? FileManager.default.removeItem(at: folder)  // nobody is left to tell
    }

    /// Runs the body with the URL of a fresh server.
    ///
    /// - Throws: what the body throws, or `RedisError.unreachable` with the server's log when it does not start.
    public static func withServer<R>(
        _ configuration: Configuration = .init(), _ body: (RedisURL) async throws -> R
    ) async throws -> R {
        try await withServerProcess(configuration) { server in try await body(server.url) }
    }

    /// Runs the body with a fresh server that it may kill, pause and restart.
    ///
    /// - Throws: what the body throws, or `RedisError.unreachable` with the server's log when it does not start.
    public static func withServerProcess<R>(
        _ configuration: Configuration = .init(), _ body: (ThrowawayRedis) async throws -> R
    ) async throws -> R {
        let server = try await start(configuration)
        do {
            let result = try await body(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Starts a server that the caller stops; it answers commands when this returns.
    ///
    /// - Throws: `RedisError.unreachable` with the server's log when it does not start.
    public static func start(_ configuration: Configuration = .init()) async throws -> ThrowawayRedis {
        // Not the usual temporary folder: a socket's whole path must fit into about 100 bytes.
        let folder = URL(filePath: "/tmp/redis-" + UUID().uuidString.prefix(8).lowercased())
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let address: RedisURL.Address =
            switch configuration.listener {
            case .unixSocket: .unix(path: folder.appending(path: "redis.sock").path)
            case .tcp, .tls, .mutualTLS: .tcp(host: "127.0.0.1", port: try LoopbackPort.findFree())
            }
        var url = RedisURL(address: address, password: configuration.password)
        var certificates: ThrowawayCertificates?
        if configuration.listener == .tls || configuration.listener == .mutualTLS {
            let made = try await ThrowawayCertificates(in: folder)
            certificates = made
            url.tls = made.tls(showingClient: configuration.listener == .mutualTLS)
        }
        if let sentinel = configuration.sentinel {
            try sentinelText(sentinel, address: address, folder: folder)
                .write(to: folder.appending(path: "sentinel.conf"), atomically: true, encoding: .utf8)
        }
        if let list = configuration.accessList {
            try list.write(to: folder.appending(path: "users.acl"), atomically: true, encoding: .utf8)
        }
        let server = ThrowawayRedis(url: url, folder: folder, configuration: configuration, certificates: certificates)
        try await server.launch()
        return server
    }

    /// Ends the server without warning, as a crash does, and waits until it is gone.
    public func kill(signal: Int32 = SIGKILL) async {
        guard let process = process.withLock({ $0 }) else { return }
        process.signal(signal)
        process.signal(SIGCONT)  // a paused process would not see SIGTERM
        await process.exit()
    }

    /// Kills the server if it lives, and starts it again at the same address; what it kept, it has.
    ///
    /// - Throws: `RedisError.unreachable` with the server's log when it does not start.
    public func restart() async throws {
        await kill()
        try await launch()
    }

    /// Freezes the server: connections stay, nothing answers.
    public func pause() {
        process.withLock { $0 }?.signal(SIGSTOP)
    }

    /// Lets a frozen server go on.
    public func resume() {
        process.withLock { $0 }?.signal(SIGCONT)
    }

    /// Ends the server and removes its folder.
    ///
    /// May be called twice.
    public func stop() async {
        await kill()
        process.withLock { $0 = nil }
        try? FileManager.default.removeItem(at: folder)  // a second stop finds nothing, and that is right
    }

    /// What the server wrote to its log.
    public var log: String {
        (try? String(contentsOf: folder.appending(path: "redis.log"), encoding: .utf8)) ?? "(no log)"
    }
}

extension ThrowawayRedis {
    /// Tells nobody anything.
    static let silence = Logger(label: "throwaway") { _ in SwiftLogNoOpLogHandler() }

    /// The port it listens on; 0 for a unix socket.
    var port: Int {
        guard case .tcp(_, let port) = url.address else { return 0 }
        return port
    }

    private static func sentinelText(_ text: String, address: RedisURL.Address, folder: URL) -> String {
        guard case .tcp(let host, let port) = address else { return text }
        return "port \(port)\nbind \(host)\ndir \(folder.path)\nlogfile \(folder.path)/redis.log\n" + text
    }

    private func launch() async throws {
        let process = try ServerProcess(arguments: arguments, folder: folder)
        self.process.withLock { $0 = process }
        let isUp = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.answers() }
            group.addTask {
                await process.exit()
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        guard isUp else {
            throw RedisError(
                .unreachable, "the throw-away redis-server at \(url.address) did not start: \(log.suffix(500))",
                hint: "Is redis-server installed and in the PATH?")
        }
    }

    /// Whether the server answers a PING within ten seconds; the client asks again by itself until it does.
    private func answers() async -> Bool {
        var options = RedisOptions()
        options.reconnectPause = .milliseconds(2)...(.milliseconds(50))
        let client = RedisClient(url, options: options, logger: Self.silence)
        // The reason is in the server's log, which the caller quotes.
        let reply = try? await client.send(RedisCommand("PING"), deadline: .seconds(10))
        await client.close()
        return reply != nil
    }

    private var arguments: [String] {
        // A sentinel rewrites its file, and takes nothing else.
        if configuration.sentinel != nil {
            return ["redis-server", folder.appending(path: "sentinel.conf").path, "--sentinel"]
        }
        var arguments = [
            "redis-server", "--dir", folder.path, "--logfile", folder.appending(path: "redis.log").path,
            "--save", "", "--daemonize", "no", "--enable-debug-command", "yes",
        ]
        switch url.address {
        case .unix(let path): arguments += ["--port", "0", "--unixsocket", path]
        case .tcp(let host, let port):
            arguments += ["--port", certificates == nil ? String(port) : "0", "--bind", host]
            if let certificates { arguments += tlsArguments(certificates, port: port) }
        case .sentinel: break  // this server is named by its own address
        }
        if configuration.isDurable { arguments += ["--appendonly", "yes", "--appendfsync", "always"] }
        if let password = configuration.password {
            arguments += ["--requirepass", password, "--masterauth", password]
        }
        if configuration.accessList != nil { arguments += ["--aclfile", folder.appending(path: "users.acl").path] }
        if case .tcp(let host, let port)? = configuration.master?.address {
            arguments += ["--replicaof", host, String(port), "--repl-diskless-sync-delay", "0"]
        }
        return arguments + configuration.arguments
    }

    private func tlsArguments(_ certificates: ThrowawayCertificates, port: Int) -> [String] {
        [
            "--tls-port", String(port), "--tls-cert-file", certificates.server.certificate,
            "--tls-key-file", certificates.server.key, "--tls-ca-cert-file", certificates.authority,
            "--tls-auth-clients", configuration.listener == .mutualTLS ? "yes" : "no",
        ]
    }
}

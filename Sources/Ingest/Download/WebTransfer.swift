import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Fetches over HTTP: judges each hop, connects to the address that was judged, streams the body.
struct WebTransfer {
    private let transfer: Transfer
    private let options: Download.Options
    private let logger: Logger

    init(_ transfer: Transfer, _ options: Download.Options, _ logger: Logger) {
        self.transfer = transfer
        self.options = options
        self.logger = logger
    }

    private enum Answer {
        case done
        case redirect(String)
    }

    func run(_ address: String) async throws {
        let first = try WebAddress(address)
        var policy = ResumePolicy()
        while true {
            do {
                return try await follow(first)
            } catch let error as DownloadError {
                let (offset, version, _) = transfer.standing
                guard let pause = policy.pause(after: error, at: offset, version: version) else { throw error }
                logger.info(
                    "a download goes on after a pause",
                    metadata: ["host": "\(first.host)", "offset": "\(offset)", "error": "\(error)"])
                try await Task.sleep(for: pause)
            }
        }
    }

    /// One attempt, from the typed address on: what it redirects to may have changed meanwhile.
    private func follow(_ first: WebAddress) async throws {
        var current = first
        for _ in 0...options.maximumRedirects {
            switch try await fetch(current, first: first) {
            case .done: return
            case .redirect(let location): current = try current.redirected(to: location)
            }
        }
        throw DownloadError(.redirects, "The server redirects more than \(options.maximumRedirects) times.")
    }

    private func fetch(_ address: WebAddress, first: WebAddress) async throws -> Answer {
        var failure: (any Error)?
        for target in try await targets(address, first: first).prefix(3) {
            do {
                return try await fetch(address, first: first, from: target)
            } catch let error as ConnectionFailure {
                // The next address of the host may answer.
                failure = error.asDownloadError
            }
        }
        throw failure ?? DownloadError(.connection, "\(address.host) has no address.")
    }

    /// The addresses of the hop that may be connected to.
    private func targets(_ address: WebAddress, first: WebAddress) async throws -> [IPAddress] {
        let host = address.host.trimmingBrackets
        let found = try await NIOThreadPool.singleton.runIfActive { try IPAddress.resolve(host) }
        let policy = try self.policy(for: address, first: first)
        var refusal = "it has no address"
        let allowed = found.filter { candidate in
            guard let reason = policy.refusal(of: candidate, port: address.port) else { return true }
            refusal = reason
            return false
        }
        guard allowed.isEmpty else { return allowed }
        throw DownloadError(.refusedAddress, "\(address.host):\(address.port) is not fetched: \(refusal).")
    }

    private func policy(for address: WebAddress, first: WebAddress) throws -> AddressPolicy {
        switch options.trust {
        case .typed:
            return AddressPolicy(isTypedHost: address.host == first.host, isTypedPort: address.port == first.port)
        case .named(let typed):
            // A feed may name its own server, and not what else runs on that machine.
            let home = try typed.map { try WebAddress($0) }
            let isHome = address.host == home?.host && address.port == home?.port
            return AddressPolicy(isTypedHost: isHome, isTypedPort: isHome)
        }
    }

    private func fetch(_ address: WebAddress, first: WebAddress, from target: IPAddress) async throws -> Answer {
        // A client of its own for each hop: the address judged above is the one connected to, whatever a
        // resolver would say now.
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: configuration(address, target),
            backgroundActivityLogger: logger)
        let result: Result<Answer, any Error>
        do {
            result = .success(try await exchange(address, first: first, client))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        return try result.get()
    }

    private func configuration(_ address: WebAddress, _ target: IPAddress) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .nanoseconds(options.connectDeadline.nanoseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.maximumUsesPerConnection = 1
        if target.text != address.host.trimmingBrackets { configuration.dnsOverride = [address.host: target.text] }
        return configuration
    }

    private func exchange(_ address: WebAddress, first: WebAddress, _ client: HTTPClient) async throws -> Answer {
        var request = HTTPClientRequest(url: address.text)
        guard options.userAgent.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw DownloadError(
                .network, "The User-Agent holds line ends or control characters; give the source another one.")
        }
        request.headers.add(name: "User-Agent", value: options.userAgent)
        request.headers.add(name: "Accept", value: "*/*")
        request.headers.add(name: "Accept-Encoding", value: "gzip")
        let (offset, version, total) = transfer.standing
        if offset > 0, let version = version?.strong {
            request.headers.add(name: "Range", value: "bytes=\(offset)-")
            request.headers.add(name: "If-Range", value: version)
        } else if let known = transfer.known {
            if let tag = known.tag { request.headers.add(name: "If-None-Match", value: tag) }
            if let modified = known.modified { request.headers.add(name: "If-Modified-Since", value: modified) }
        }
        if let credentials = first.credentials ?? address.credentials, address.hasSameOrigin(as: first) {
            request.setBasicAuth(username: credentials.user, password: credentials.password)
        }
        if address.hasSameOrigin(as: first) {
            for header in options.headers { request.headers.add(name: header.name, value: header.value) }
        }
        if let question = options.question {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(question)
        }
        let response: HTTPClientResponse
        do {
            response = try await client.execute(
                request, deadline: .now() + .nanoseconds(options.firstByteDeadline.nanoseconds), logger: logger)
        } catch {
            throw try Self.translated(error, isConnecting: true)
        }
        if [301, 302, 303, 307, 308].contains(response.status.code),
            let location = response.headers.first(name: "Location")
        {
            guard options.question == nil else {
                throw DownloadError(.redirects, "The server redirects a question.")
            }
            return .redirect(location)
        }
        switch Int(response.status.code) {
        case 200: break
        case 206 where offset > 0: break
        case 304 where offset == 0 && transfer.known != nil:
            transfer.keepKnown()
            return .done
        case let status:
            throw DownloadError(
                .status(status), "The server answers with HTTP \(status).",
                serverMessage: await beginning(response.body), retryAfter: response.retryAfter)
        }
        if offset > 0 {
            try continueFrom(offset, of: version, total, response)
        } else {
            try await begin(response)
        }
        try await receive(response)
        return .done
    }

    private func begin(_ response: HTTPClientResponse) async throws {
        let encoding = response.headers.first(name: "Content-Encoding")?.lowercased() ?? "identity"
        guard ["identity", "gzip", "x-gzip", ""].contains(encoding) else {
            throw DownloadError(
                .network, "The server uses the encoding \(encoding.prefix(20)), which was not asked for.")
        }
        try await transfer.begin(
            total: response.headers.first(name: "Content-Length").flatMap { Int($0) }, version: response.version)
    }

    /// Goes on after a cut, with the rest of the very same file or not at all.
    private func continueFrom(
        _ offset: Int, of version: FileVersion?, _ total: Int?, _ response: HTTPClientResponse
    ) throws {
        func refuse(_ reason: String) -> DownloadError {
            DownloadError(.network, "The connection was lost after \(offset) bytes, and \(reason).")
        }
        // A partial answer need not repeat the version, as If-Range has asked for it; a whole one must.
        let isSame = response.version.map { version?.hasSameBytes(as: $0) == true } ?? (response.status.code == 206)
        guard isSame else { throw refuse("the file has changed since") }
        guard response.status.code == 206 else { return transfer.resume(skipping: offset) }
        guard let range = response.headers.first(name: "Content-Range").flatMap(ContentRange.init),
            range.first == offset, range.total == nil || total == nil || range.total == total
        else { throw refuse("the server offers another part than the rest") }
        transfer.resume(skipping: 0)
    }

    private func receive(_ response: HTTPClientResponse) async throws {
        var body = response.body.makeAsyncIterator()
        while true {
            let next: ByteBuffer?
            do {
                next = try await body.next()
            } catch {
                throw try Self.translated(error, isConnecting: false)
            }
            guard let next else { return }
            try await transfer.take(next)
        }
    }

    /// The first 1,000 characters of an error's page.
    private func beginning(_ body: HTTPClientResponse.Body) async -> String {
        var bytes: [UInt8] = []
        transfer.waitForMore()
        do {
            for try await piece in body {
                bytes.append(contentsOf: piece.readableBytesView.prefix(4000 - bytes.count))
                if bytes.count >= 4000 { break }
            }
        } catch {
            // The status says enough; what the server would have said about it is an extra.
            logger.debug("an error's page could not be read", metadata: ["error": "\(error)"])
        }
        return String(String(decoding: bytes, as: UTF8.self).trimmed.prefix(1000))
    }

    private static func translated(_ error: any Error, isConnecting: Bool) throws -> any Error {
        if Task.isCancelled { throw CancellationError() }
        switch error {
        case let error as HTTPClientError: return translated(error)
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection:
            return DownloadError(.connection, "The server closed the connection before the end.")
        case let error as HTTPParserError:
            return DownloadError(.network, "The server breaks HTTP's rules (\(error)).")
        case let error as IOError where !isConnecting:
            return DownloadError(.connection, "The connection was lost (\(error)).")
        default:
            return isConnecting ? ConnectionFailure(reason: "\(error)") : DownloadError(.connection, "\(error)")
        }
    }

    private static func translated(_ error: HTTPClientError) -> DownloadError {
        switch error {
        case .deadlineExceeded: DownloadError(.timedOut, "The server did not begin its answer in time.")
        case .connectTimeout, .tlsHandshakeTimeout, .readTimeout, .getConnectionFromPoolTimeout:
            DownloadError(.timedOut, "The server did not answer in time.")
        case .remoteConnectionClosed:
            DownloadError(.connection, "The server closed the connection before the end.")
        default: DownloadError(.network, "\(error.shortDescription).")
        }
    }
}

extension HTTPClientResponse {
    /// What the headers say about the version of the file.
    fileprivate var version: FileVersion? {
        // Longer ones are no use: they come back in a request.
        func short(_ name: String) -> String? {
            headers.first(name: name).flatMap { $0.utf8.count <= 1024 && !$0.isEmpty ? $0 : nil }
        }
        return FileVersion(tag: short("ETag"), modified: short("Last-Modified"))
    }

    /// `Retry-After` in seconds; a date is not taken: server clocks are wrong too often.
    fileprivate var retryAfter: Duration? {
        guard status.code == 503 || status.code == 429 else { return nil }
        return headers.first(name: "Retry-After").flatMap { Int($0.trimmed) }.map { .seconds(max(0, $0)) }
    }
}

/// No connection to one of a host's addresses.
private struct ConnectionFailure: Error {
    let reason: String
    var asDownloadError: DownloadError { DownloadError(.connection, "No connection: \(reason.prefix(200))") }
}

extension String {
    /// Without the brackets around an IPv6 address in a URL.
    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

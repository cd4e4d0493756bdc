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

    func run(_ typed: String) async throws {
        let first = try WebAddress(typed)
        var current = first
        for _ in 0...options.maximumRedirects {
            switch try await fetch(current, typed: first) {
            case .done: return
            case .redirect(let location): current = try current.redirected(to: location)
            }
        }
        throw DownloadError(.redirects, "The server redirects more than \(options.maximumRedirects) times.")
    }

    private func fetch(_ address: WebAddress, typed: WebAddress) async throws -> Answer {
        var failure: (any Error)?
        for target in try await targets(address, typed: typed).prefix(3) {
            do {
                return try await fetch(address, typed: typed, from: target)
            } catch let error as ConnectionFailure {
                // The next address of the host may answer.
                failure = error.asDownloadError
            }
        }
        throw failure ?? DownloadError(.connection, "\(address.host) has no address.")
    }

    /// The addresses of the hop that may be connected to.
    private func targets(_ address: WebAddress, typed: WebAddress) async throws -> [IPAddress] {
        let host = address.host.trimmingBrackets
        let found = try await NIOThreadPool.singleton.runIfActive { try IPAddress.resolve(host) }
        let policy = AddressPolicy(
            isTypedHost: address.host == typed.host, isTypedPort: address.port == typed.port)
        var refusal = "it has no address"
        let allowed = found.filter { candidate in
            guard let reason = policy.refusal(of: candidate, port: address.port) else { return true }
            refusal = reason
            return false
        }
        guard allowed.isEmpty else { return allowed }
        throw DownloadError(.refusedAddress, "\(address.host):\(address.port) is not fetched: \(refusal).")
    }

    private func fetch(_ address: WebAddress, typed: WebAddress, from target: IPAddress) async throws -> Answer {
        // A client of its own for each hop: the address judged above is the one connected to, whatever a
        // resolver would say now.
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: configuration(address, target),
            backgroundActivityLogger: logger)
        let result: Result<Answer, any Error>
        do {
            result = .success(try await exchange(address, typed: typed, client))
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

    private func exchange(_ address: WebAddress, typed: WebAddress, _ client: HTTPClient) async throws -> Answer {
        var request = HTTPClientRequest(url: address.text)
        request.headers.add(name: "User-Agent", value: options.userAgent)
        request.headers.add(name: "Accept", value: "*/*")
        request.headers.add(name: "Accept-Encoding", value: "gzip")
        if let credentials = typed.credentials ?? address.credentials, address.hasSameOrigin(as: typed) {
            request.setBasicAuth(username: credentials.user, password: credentials.password)
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
            return .redirect(location)
        }
        guard response.status.code == 200 else {
            let status = Int(response.status.code)
            throw DownloadError(
                .status(status), "The server answers with HTTP \(status).",
                serverMessage: await beginning(response.body))
        }
        try await receive(response)
        return .done
    }

    private func receive(_ response: HTTPClientResponse) async throws {
        let encoding = response.headers.first(name: "Content-Encoding")?.lowercased() ?? "identity"
        guard ["identity", "gzip", "x-gzip", ""].contains(encoding) else {
            throw DownloadError(
                .network, "The server uses the encoding \(encoding.prefix(20)), which was not asked for.")
        }
        try await transfer.begin(total: response.headers.first(name: "Content-Length").flatMap { Int($0) })
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

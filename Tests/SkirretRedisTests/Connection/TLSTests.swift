import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@Suite("TLS", .timeLimit(.minutes(1))) struct TLSTests {
    private let clock = ContinuousClock()

    @Test func `an encrypted connection carries commands, large values and messages`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tls)) { url in
            let url = try RedisURL(parsing: url.text)
            let redis = RedisClient(url)
            let value = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await redis.send("SET", "key", .init(value))
            #expect(try await redis.send("GET", "key").bytes == value)
            #expect(try await concurrently(32) { try await redis.send("ECHO", .init($0)).int } == Array(0..<32))
            try await RedisSubscriber(url).withSubscription(channels: ["a"]) { messages in
                var pushes = messages.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                try await redis.send("PUBLISH", "a", "x")
                #expect(try await pushes.next() == .message(channel: "a", payload: Array("x".utf8)))
            }
            var named = url
            guard case .tcp(_, let port) = url.address else { return }
            named.address = .tcp(host: "localhost", port: port)
            #expect(try await RedisClient(named).send("PING").string == "PONG")
        }
    }

    @Test func `a killed connection is encrypted again`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tls, password: "pw")) { url in
            let redis = RedisClient(url)
            let killer = RedisClient(url)
            for _ in 0..<5 {
                try await redis.send("PING")
                try await killer.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            }
            #expect(try await redis.send("PING").string == "PONG")
        }
    }

    @Test func `a server whose authority is unknown is refused at once, with the remedy`() async throws {
        try await ThrowawayRedis.withServerProcess(.init(listener: .tls)) { server async throws in
            var url = server.url
            url.tls = RedisTLS()
            let error = await refusal(url)
            #expect(error?.message.contains("CERTIFICATE_VERIFY_FAILED") == true, "\(String(describing: error))")
            #expect(error?.hint.contains("ssl_ca_certs") == true)
            url.tls = RedisTLS(verification: .none)
            #expect(try await RedisClient(url).send("PING").string == "PONG")
            try await withOtherCertificates { other in
                url.tls = other.tls()
                #expect(await refusal(url)?.message.contains("CERTIFICATE_VERIFY_FAILED") == true)
            }
        }
    }

    @Test func `a certificate for another host is refused unless the name may differ`() async throws {
        let listener = ThrowawayRedis.Configuration(listener: .tls, arguments: ["--bind", "127.0.0.1", "127.0.0.2"])
        try await ThrowawayRedis.withServer(listener) { url async throws in
            guard case .tcp(_, let port) = url.address else { return }
            var url = url
            url.address = .tcp(host: "127.0.0.2", port: port)
            let error = await refusal(url)
            #expect(error?.hint.contains("ssl_check_hostname") == true, "\(String(describing: error))")
            url.tls?.checksHostname = false
            #expect(try await RedisClient(url).send("PING").string == "PONG")
        }
    }

    @Test func `a server that speaks no TLS is told apart from one that is not there`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tcp)) { url async throws in
            var url = url
            url.tls = RedisTLS()
            let error = await failure { try await RedisClient(url).send("PING") }
            #expect(error?.hint.contains("redis://") == true, "\(String(describing: error))")
        }
        let nobody = RedisURL(address: .tcp(host: "127.0.0.1", port: 1), tls: RedisTLS())
        var options = RedisOptions()
        options.commandDeadline = .milliseconds(300)
        #expect(await failure { try await RedisClient(nobody, options: options).send("PING") }?.code == .unreachable)
    }

    @Test func `a plain client of a TLS port is told to use rediss`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .tls)) { url async throws in
            var url = url
            url.tls = nil
            let error = await failure { try await RedisClient(url).send("PING") }
            #expect(error?.description.contains("rediss://") == true, "\(String(describing: error))")
        }
    }

    @Test func `a server that wants our certificate lets us in with it only`() async throws {
        try await ThrowawayRedis.withServer(.init(listener: .mutualTLS)) { url async throws in
            #expect(try await RedisClient(RedisURL(parsing: url.text)).send("PING").string == "PONG")
            var url = url
            url.tls?.certificate = nil
            url.tls?.key = nil
            let error = await refusal(url)
            #expect(error?.hint.contains("ssl_certfile") == true, "\(String(describing: error))")
        }
    }

    @Test(arguments: ["ssl_ca_certs", "ssl_certfile", "ssl_keyfile"])
    func `a file that cannot be read is named by its option`(option: String) async throws {
        try await withOtherCertificates { certificates in
            var tls = certificates.tls(showingClient: true)
            switch option {
            case "ssl_ca_certs": tls.authorities = "/nonexistent.pem"
            case "ssl_certfile": tls.certificate = certificates.client.key
            default: tls.key = "/nonexistent.key"
            }
            let error = await refusal(RedisURL(address: .tcp(host: "127.0.0.1", port: 1), tls: tls))
            #expect(error?.message.contains(option) == true, "\(String(describing: error))")
        }
    }

    @Test func `a renewed authority is read again after a refusal`() async throws {
        try await ThrowawayRedis.withServerProcess(.init(listener: .tls)) { server async throws in
            try await withOtherCertificates { other async throws in
                var url = server.url
                url.tls = other.tls()
                let redis = RedisClient(url)
                #expect(await failure { try await redis.send("PING") }?.code == .tls)
                let right = try Data(contentsOf: URL(filePath: server.certificates?.authority ?? ""))
                try right.write(to: URL(filePath: other.authority))
                #expect(try await redis.send("PING").string == "PONG")
            }
        }
    }

    /// The error of a log-in that must fail by TLS, before any deadline.
    private func refusal(_ url: RedisURL) async -> RedisError? {
        let start = clock.now
        let error = await failure { try await RedisClient(url).send("PING") }
        #expect(error?.code == .tls, "\(String(describing: error))")
        #expect(clock.now - start < .seconds(1.5))
        return error
    }

    private func withOtherCertificates(_ body: (ThrowawayCertificates) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }  // nothing reads it any more
        try await body(ThrowawayCertificates(in: folder))
    }
}

public import Foundation
public import SkirretRedis

/// Certificates of one test, made by `openssl`: an authority, a server's signed by it, and a client's signed by it.
///
/// The server's is for `localhost`, `127.0.0.1` and `::1`. All files are PEM and lie in one folder.
public struct ThrowawayCertificates: Sendable {
    /// The authority's certificate: `ssl_ca_certs`.
    public let authority: String
    /// The server's certificate and key.
    public let server: (certificate: String, key: String)
    /// A client's certificate and key: `ssl_certfile`, `ssl_keyfile`.
    public let client: (certificate: String, key: String)

    /// Makes them in a folder that exists; takes some 50 ms.
    ///
    /// - Throws: `RedisError.tls` with what `openssl` printed.
    public init(in folder: URL) async throws {
        func path(_ name: String) -> String { folder.appending(path: name).path }
        authority = path("ca.crt")
        server = (path("server.crt"), path("server.key"))
        client = (path("client.crt"), path("client.key"))
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try await Self.openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=throw-away authority", "-out", authority] + newKey
                + ["-keyout", path("ca.key")])
        let names = "DNS:localhost,IP:127.0.0.1,IP:::1"
        for (name, alternatives) in [("server", names), ("client", "DNS:client.invalid")] {
            try "subjectAltName=\(alternatives)\n".write(
                toFile: path("\(name).ext"), atomically: true, encoding: .utf8)
            try await Self.openssl(
                ["req", "-new", "-subj", "/CN=throw-away \(name)", "-out", path("\(name).csr")] + newKey
                    + ["-keyout", path("\(name).key")])
            try await Self.openssl([
                "x509", "-req", "-days", "2", "-in", path("\(name).csr"), "-CA", authority, "-CAkey", path("ca.key"),
                "-CAcreateserial", "-extfile", path("\(name).ext"), "-out", path("\(name).crt"),
            ])
        }
    }

    /// A URL's TLS part that trusts the authority, and shows the client's certificate if asked to.
    public func tls(showingClient: Bool = false) -> RedisTLS {
        var tls = RedisTLS(authorities: authority)
        if showingClient {
            tls.certificate = client.certificate
            tls.key = client.key
        }
        return tls
    }

    private static func openssl(_ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let complaints = Pipe()
        process.standardError = complaints
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard status != 0 else { return }
        let text = String(decoding: complaints.fileHandleForReading.availableData, as: UTF8.self)
        throw RedisError(
            .tls, "openssl \(arguments.first ?? "") failed: \(text.suffix(300))",
            hint: "Is openssl installed and in the PATH?")
    }
}

import NIOCore
import NIOSSL

/// Makes NIO's TLS configuration from a URL's; every complaint names the URL's option at fault.
enum TLSContext {
    /// Reads the certificate files, which takes some milliseconds: made once and kept by the dialer.
    static func make(_ tls: RedisTLS) throws(RedisError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = verification(tls)
        if let path = tls.authorities {
            configuration.trustRoots = .certificates(try certificates(path, option: "ssl_ca_certs"))
        }
        if let path = tls.certificate {
            configuration.certificateChain = try certificates(path, option: "ssl_certfile").map { .certificate($0) }
            // Python's rule: without a key file the key stands in the certificate's file.
            configuration.privateKey = .privateKey(try privateKey(tls.key ?? path))
        }
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw fault("the TLS settings of the URL do not fit together (\(TLSFailure.reason(of: error)))")
        }
    }

    private static func verification(_ tls: RedisTLS) -> CertificateVerification {
        switch tls.verification {
        case .none: .none
        case .required, .optional: tls.checksHostname ? .fullVerification : .noHostnameVerification
        }
    }

    private static func certificates(_ path: String, option: String) throws(RedisError) -> [NIOSSLCertificate] {
        let found: [NIOSSLCertificate]
        do { found = try NIOSSLCertificate.fromPEMFile(path) } catch { throw unreadable(path, option) }
        guard !found.isEmpty else { throw unreadable(path, option) }
        return found
    }

    private static func privateKey(_ path: String) throws(RedisError) -> NIOSSLPrivateKey {
        do { return try NIOSSLPrivateKey(file: path, format: .pem) } catch { throw unreadable(path, "ssl_keyfile") }
    }

    private static func unreadable(_ path: String, _ option: String) -> RedisError {
        fault("\(option): \(path) cannot be read, or is no PEM file")
    }

    private static func fault(_ what: String) -> RedisError {
        RedisError(
            .tls, "Redis URL: \(what)", hint: "Correct ssl_ca_certs, ssl_certfile or ssl_keyfile in the Redis URL.")
    }
}

/// Says why TLS was not agreed on, and what to change.
enum TLSFailure {
    /// The typed error, or nil for what another attempt may well mend: a reset, an end of file.
    static func error(of error: any Error, place: String) -> RedisError? {
        if let extra = error as? NIOSSLExtraError, extra == .failedToValidateHostname {
            return RedisError(
                .tls, "Redis at \(place): its certificate is for another host",
                hint: "Name the host as the certificate does, or set ssl_check_hostname=false in the Redis URL.")
        }
        guard let tls = error as? NIOSSLError, case .handshakeFailed(let cause) = tls else {
            return afterHandshake(error, place: place)
        }
        let words = reason(of: cause)
        return words.contains("EOF") ? nil : failure(words, place: place)
    }

    /// TLS 1.3 tells of a missing client certificate only after the handshake.
    private static func afterHandshake(_ error: any Error, place: String) -> RedisError? {
        guard let cause = error as? BoringSSLError else { return nil }
        let words = reason(of: cause)
        return words.contains("ALERT") ? failure(words, place: place) : nil
    }

    private static func failure(_ words: String, place: String) -> RedisError {
        let (what, hint) =
            switch words {
            case _ where words.contains("CERTIFICATE_VERIFY_FAILED"):
                (
                    "its certificate is not from an authority that is trusted here, or not valid now",
                    "Name the authority's PEM file as ssl_ca_certs in the Redis URL; ssl_cert_reqs=CERT_NONE trusts anybody."
                )
            case _ where words.contains("WRONG_VERSION_NUMBER") || words.contains("HTTP_REQUEST"):
                ("it does not speak TLS on this port", "Write redis:// instead of rediss://, or name Redis's tls-port.")
            case _ where words.contains("ALERT"):
                (
                    "it refuses us in the TLS handshake",
                    "With tls-auth-clients it wants a certificate that it trusts: ssl_certfile and ssl_keyfile in the Redis URL."
                )
            default: ("TLS was not agreed on", "Compare the TLS versions and ciphers of both sides.")
            }
        return RedisError(.tls, "Redis at \(place): \(what) (\(words))", hint: hint)
    }

    /// BoringSSL writes `Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at
    /// …:297`; the capitals are for people.
    static func reason(of error: any Error) -> String {
        let text = String(describing: error)
        let marker = "OPENSSL_internal:"
        guard let start = text.firstRange(of: marker)?.upperBound else { return String(text.prefix(120)) }
        return String(text[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
}

/// How a TLS server is checked, and what we show it; the query's names are Python's and Celery's.
///
///     rediss://redis.example:6380/0?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs=/etc/ssl/redis-ca.pem
///
/// The defaults check everything: the chain against the system's authorities, and the host's name.
public struct RedisTLS: Sendable, Hashable {
    /// What the server's certificate must be.
    public enum Verification: String, Sendable, Hashable, CaseIterable {
        /// Signed by an authority we trust.
        case required = "CERT_REQUIRED"
        /// The same for a client: Python's `ssl` gives both one meaning, and so do we.
        case optional = "CERT_OPTIONAL"
        /// Anything; encrypted, but to whom nobody knows.
        case none = "CERT_NONE"
    }

    /// `ssl_cert_reqs`: `CERT_REQUIRED` (default), `CERT_OPTIONAL` or `CERT_NONE`; redis-py's `required`, `optional`
    /// and `none` are read too.
    public var verification = Verification.required
    /// `ssl_check_hostname`: whether the certificate must be for the host, or the address, that the URL names.
    ///
    /// True.
    public var checksHostname = true
    /// `ssl_ca_certs`: path of a PEM file with the authorities to trust instead of the system's.
    public var authorities: String?
    /// `ssl_certfile`: path of our own certificate chain (PEM), for a server with `tls-auth-clients yes`.
    public var certificate: String?
    /// `ssl_keyfile`: path of our own private key (PEM).
    public var key: String?

    /// Everything is checked, nothing is shown.
    public init(verification: Verification = .required, authorities: String? = nil) {
        self.verification = verification
        self.authorities = authorities
    }

    /// What `text` says of it; the defaults but `ssl_cert_reqs`, which Celery's result backend insists on, are left out.
    var queryItems: [(String, String)] {
        var items = [("ssl_cert_reqs", verification.rawValue)]
        if !checksHostname { items.append(("ssl_check_hostname", "false")) }
        if let authorities { items.append(("ssl_ca_certs", authorities)) }
        if let certificate { items.append(("ssl_certfile", certificate)) }
        if let key { items.append(("ssl_keyfile", key)) }
        return items
    }
}

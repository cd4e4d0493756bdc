import FoundationEssentials

/// One address of a download: where it leads, and what may be sent there.
struct WebAddress: Equatable {
    /// Without user information and fragment.
    let text: String
    let host: String
    let port: Int
    /// User and password from the address, as they stand in it.
    let credentials: (user: String, password: String)?
    private let url: URL

    /// - Throws: `DownloadError` with `.refusedAddress` for other schemes, no host, or control characters.
    init(_ text: String) throws(DownloadError) {
        // Blanks around an address that was pasted are harmless; inside, control characters could split a request.
        let trimmed = text.trimmed
        guard trimmed.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), trimmed.utf8.count <= 8192 else {
            throw DownloadError(.refusedAddress, "The address holds blanks or control characters, or is too long.")
        }
        guard let url = URL(string: trimmed) else {
            throw DownloadError(.refusedAddress, "The address is not a URL.")
        }
        try self.init(url)
    }

    private init(_ url: URL) throws(DownloadError) {
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
            throw DownloadError(
                .refusedAddress,
                "Only http and https addresses are fetched, not \(url.scheme ?? "one without a scheme").")
        }
        var components = URLComponents(url: url, resolvingAgainstBaseURL: true)
        let user = components?.user
        let password = components?.password
        components?.user = nil
        components?.password = nil
        components?.fragment = nil
        guard let clean = components?.url, let host = clean.host, !host.isEmpty else {
            throw DownloadError(.refusedAddress, "The address names no host.")
        }
        self.url = clean
        self.host = host
        port = clean.port ?? (scheme == "https" ? 443 : 80)
        text = clean.absoluteString
        credentials = user.map { ($0, password ?? "") }
    }

    /// The address that a `Location` header names.
    func redirected(to location: String) throws(DownloadError) -> WebAddress {
        guard location.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
            let target = URL(string: location, relativeTo: url)?.absoluteURL
        else { throw DownloadError(.redirects, "The server redirects to something that is no address.") }
        return try WebAddress(target)
    }

    /// Whether what is meant for one may be sent to the other.
    func hasSameOrigin(as other: WebAddress) -> Bool {
        host == other.host && port == other.port && url.scheme?.lowercased() == other.url.scheme?.lowercased()
    }

    static func == (left: WebAddress, right: WebAddress) -> Bool { left.text == right.text }
}

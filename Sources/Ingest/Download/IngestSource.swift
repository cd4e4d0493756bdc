/// Where a playlist or a guide comes from.
public enum IngestSource: Sendable, Equatable {
    /// An `http` or `https` address that an administrator typed.
    case web(String)
    /// A file on this machine.
    case file(String)

    /// The address with what identifies the user hidden, or the path; fit for messages and logs.
    public var display: String {
        switch self {
        case .web(let address): Self.masked(address)
        case .file(let path): path
        }
    }

    private static let secretNames: Set<String> = [
        "username", "user", "password", "pass", "token", "key", "apikey", "api_key", "auth", "secret",
    ]

    /// Hides the user information and the values of query items that carry credentials.
    static func masked(_ address: String) -> String {
        var text = address
        if let scheme = text.firstRange(of: "://") {
            let rest = text[scheme.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if let at = authority.lastIndex(of: "@") { text.replaceSubrange(authority.startIndex..<at, with: "***") }
        }
        guard let question = text.firstIndex(of: "?") else { return text }
        let items = text[text.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        let shown = items.map { item in
            let name = item.prefix { $0 != "=" }
            return secretNames.contains(name.lowercased()) && name.count < item.count ? "\(name)=***" : String(item)
        }
        return text[...question] + shown.joined(separator: "&")
    }
}

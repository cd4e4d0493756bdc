import FoundationEssentials

/// What people typed for an Xtream Codes account, complete or not.
public struct XtreamFields: Sendable, Equatable {
    /// Where the server is.
    public var server: String?
    /// Secret.
    public var username: String?
    /// Secret.
    public var password: String?

    /// These fields.
    public init(server: String?, username: String?, password: String?) {
        self.server = server
        self.username = username
        self.password = password
    }
}

/// Where an Xtream Codes server is, and who asks.
public struct XtreamLogin: Sendable, Equatable {
    /// `http://host:port`, without a path of its own pages and without a slash at the end.
    public let server: String
    /// Secret.
    public let username: String
    /// Secret.
    public let password: String

    /// A login from what people typed; blanks around it and pages such as `/player_api.php` or `/get.php?…` are cut off.
    ///
    /// - Throws: `RefreshError` with `.download` when one of them is missing.
    public init(_ fields: XtreamFields) throws(RefreshError) {
        var text = (fields.server ?? "").trimmed
        for page in ["/player_api.php", "/get.php", "/xmltv.php", "/panel_api.php"] {
            if let range = text.firstRange(of: page) { text = String(text[..<range.lowerBound]) }
        }
        while text.hasSuffix("/") { text.removeLast() }
        guard !text.isEmpty else {
            throw RefreshError(code: .download, message: "Missing server URL for Xtream Codes account")
        }
        let (user, secret) = ((fields.username ?? "").trimmed, (fields.password ?? "").trimmed)
        guard !user.isEmpty, !secret.isEmpty else {
            throw RefreshError(code: .download, message: "Missing username or password for Xtream Codes account")
        }
        self.server = text
        self.username = user
        self.password = secret
    }

    /// The address of an answer of the API; nil means the account itself.
    func address(action: String? = nil) -> String {
        let base = "\(server)/player_api.php?username=\(Self.escaped(username))&password=\(Self.escaped(password))"
        return action.map { "\(base)&action=\($0)" } ?? base
    }

    /// Where a live stream is, as players ask for it.
    func liveURL(_ stream: Int) -> String {
        "\(server)/live/\(Self.escaped(username))/\(Self.escaped(password))/\(stream).ts"
    }

    static func escaped(_ text: String) -> String {
        String(
            decoding: text.utf8.flatMap { byte -> [UInt8] in
                let isPlain = byte.isDigit || (0x41...0x5A).contains(byte & 0xDF) || "-._~@".utf8.contains(byte)
                guard !isPlain else { return [byte] }
                let digits = Array("0123456789ABCDEF".utf8)
                return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }, as: UTF8.self)
    }
}

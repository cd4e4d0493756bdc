import Foundation
public import Logging

/// Asks an Xtream Codes server about the user of one of an account's profiles.
public struct XtreamProfileReader: Sendable {
    private let options: Download.Options
    private let logger: Logger

    /// A reader; `userAgent` nil means the default one.
    public init(userAgent: String?, logger: Logger) {
        var options = Download.Options()
        if let userAgent { options.userAgent = userAgent }
        self.options = options
        self.logger = logger
    }

    /// What the server says.
    ///
    /// A profile other than the default one has no login of its own: its pattern rewrites the addresses of streams, and
    /// the login is what stands in them then.
    ///
    /// - Parameters:
    ///   - fields: The account's server and login.
    ///   - pattern: What the profile looks for in an address.
    ///   - replacement: What takes its place, `$1` style.
    /// - Returns: The user and the server.
    /// - Throws: `RefreshError` with the reason, or `CancellationError`.
    public func read(
        _ fields: XtreamFields, pattern: String, replacement: String
    ) async throws -> XtreamAccount {
        let login = try XtreamLogin(fields)
        let rewritten = try XtreamLogin(Self.rewrite(login, pattern, replacement) ?? fields)
        return try await XtreamServer(login: rewritten, options: options, logger: logger).account()
    }

    /// Nil where the pattern makes no address of that shape.
    static func rewrite(_ login: XtreamLogin, _ pattern: String, _ replacement: String) -> XtreamFields? {
        // One that cannot be read rewrites nothing.
        guard pattern != "^(.*)$", let expression = try? NSRegularExpression(pattern: pattern) else { return nil }
        let address = login.liveURL(1)
        let new = expression.stringByReplacingMatches(
            in: address, range: NSRange(address.startIndex..., in: address), withTemplate: replacement)
        guard let live = new.range(of: "/live/", options: .backwards) else { return nil }
        let parts = new[live.upperBound...].split(separator: "/").map { String($0).removingPercentEncoding ?? "" }
        guard parts.count >= 2 else { return nil }
        return XtreamFields(server: String(new[..<live.lowerBound]), username: parts[0], password: parts[1])
    }
}

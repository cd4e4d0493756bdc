import CeleryProtocol

/// What decides, beside the file itself, what becomes of it.
///
/// A file that has not changed is read again when its fingerprint has: another filter makes other streams of it.
enum Fingerprint {
    /// Raised when a release reads files differently.
    static let edition = 1

    static func of(_ parts: JSONValue...) -> String {
        SHA256.hexadecimal(JSONValue.array([.int(edition)] + parts).encoded())
    }
}

extension PlaylistAccount {
    /// Stands for the source, the filters and what makes a stream the same one.
    var fingerprint: String {
        Fingerprint.of(
            .string(source.map { "\($0)" } ?? ""), .string(userAgent ?? ""),
            .array(identity.keys.map { .string($0.rawValue) }),
            .array(
                filters.map {
                    [.string($0.target.rawValue), .string($0.pattern), .bool($0.excludes), .bool($0.isCaseSensitive)]
                }))
    }
}

extension GuideSource {
    /// Stands for the source, and for how its programmes are read.
    public var fingerprint: String {
        Fingerprint.of(
            .string(source.map { "\($0)" } ?? ""), .string(userAgent ?? ""),
            .array(languages.map(JSONValue.string)), .bool(keepsAllProgrammes))
    }
}

/// What both kinds of refresh say.
enum RefreshMessages {
    static let unchanged = "The file has not changed since the last refresh."
}

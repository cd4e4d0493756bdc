public import CeleryProtocol

/// What tells one version of a file from another, as the server, the disk or the bytes say it.
public struct FileVersion: Sendable, Equatable {
    /// The `ETag` header as it came, quotes and `W/` included; for a local file its size, time and number.
    public var tag: String?
    /// The `Last-Modified` header as it came.
    public var modified: String?
    /// What its bytes come to, as far as they were read: length and hash.
    ///
    /// The same under another tag or date means that nothing has changed.
    public var digest: String?

    /// A version; nil when nothing is known that could tell it from another.
    public init?(tag: String?, modified: String?, digest: String? = nil) {
        guard tag != nil || modified != nil || digest != nil else { return nil }
        self.tag = tag
        self.modified = modified
        self.digest = digest
    }

    /// Fit for `If-Range`: a weak tag promises the same meaning, not the same bytes.
    var strong: String? {
        if let tag, !tag.hasPrefix("W/") { return tag }
        return modified
    }

    /// Whether the bytes of both are the same for certain.
    func hasSameBytes(as other: FileVersion) -> Bool {
        guard strong != nil else { return false }
        if let tag, let theirs = other.tag { return tag == theirs && !tag.hasPrefix("W/") }
        return modified != nil && modified == other.modified
    }
}

/// A file as an earlier refresh met it.
public struct KnownFile: Sendable, Equatable {
    /// Which version it was.
    public var version: FileVersion
    /// What it held: counts that the messages repeat.
    public var facts: JSONObject

    /// A file with that version.
    public init(version: FileVersion, facts: JSONObject) {
        self.version = version
        self.facts = facts
    }
}

public import CeleryProtocol

/// One stream of an M3U playlist, as the file states it.
public struct PlaylistEntry: Sendable, Equatable {
    /// Display name; not cut to any column's length.
    public var name: String
    /// Where the stream is; one of the allowed schemes.
    public var url: String
    /// `group-title`, else `#EXTGRP`, else "Default Group".
    public var group: String
    /// `tvg-id`; nil when absent, "" when the file says so.
    public var tvgID: String?
    /// `tvg-logo`; nil when absent.
    public var logo: String?
    /// `tvg-chno`, else `channel-number`, where it is a number.
    public var channelNumber: Double?
    /// True only for `is_adult="1"`.
    public var isAdult: Bool
    /// True only for `tv_archive="1"`.
    public var isCatchup: Bool
    /// `tv_archive_duration`, in days; 0 when absent.
    public var catchupDays: Int
    /// Every attribute by its lower-cased key, in the order of the file.
    public var attributes: JSONObject
    /// What followed `#EXTVLCOPT:`, in order.
    public var vlcOptions: [String]
    /// Line of the `#EXTINF`, from 1.
    public var line: Int
    /// The provider's own number for the stream; nil in playlists.
    public var streamID: Int?

    /// What the database keeps with the stream: the attributes, and `vlc_opts` where there are any.
    public var customProperties: JSONObject {
        guard !vlcOptions.isEmpty else { return attributes }
        var all = attributes
        all["vlc_opts"] = .array(vlcOptions.map(JSONValue.string))
        return all
    }

    init(
        name: String, url: String, group: String, tvgID: String?, logo: String?, channelNumber: Double?, isAdult: Bool,
        isCatchup: Bool, catchupDays: Int, attributes: JSONObject, streamID: Int
    ) {
        self.name = name
        self.url = url
        self.group = group
        self.tvgID = tvgID
        self.logo = logo
        self.channelNumber = channelNumber
        self.isAdult = isAdult
        self.isCatchup = isCatchup
        self.catchupDays = catchupDays
        self.attributes = attributes
        self.streamID = streamID
        vlcOptions = []
        line = 0
    }

    init(_ heading: PlaylistHeading, url: String) {
        name = heading.name
        self.url = url
        group = heading.group.isEmpty ? "Default Group" : heading.group
        attributes = heading.attributes
        vlcOptions = heading.vlcOptions
        line = heading.line
        tvgID = attributes["tvg-id"]?.string
        logo = attributes["tvg-logo"]?.string
        channelNumber = Self.decimal(attributes["tvg-chno"] ?? attributes["channel-number"])
        isAdult = Self.integer(attributes["is_adult"]) == 1
        isCatchup = Self.integer(attributes["tv_archive"]) == 1
        catchupDays = max(0, Self.integer(attributes["tv_archive_duration"]) ?? 0)
    }

    private static func integer(_ value: JSONValue?) -> Int? {
        value?.string.flatMap { Int($0.trimmed) }
    }

    /// A finite decimal number; Swift would also read "0x1p3", "inf" and "nan".
    private static func decimal(_ value: JSONValue?) -> Double? {
        guard let text = value?.string?.trimmed, text.utf8.allSatisfy({ $0.isDigit || "+-.eE".utf8.contains($0) })
        else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}

extension String {
    /// Without white space at both ends, in Unicode's sense, as Python's `strip()`.
    var trimmed: String {
        // Most texts begin and end with a visible ASCII character: no table of properties is asked for those.
        if let first = utf8.first, let last = utf8.last, first.isVisible, last.isVisible { return self }
        guard let first = unicodeScalars.first, let last = unicodeScalars.last,
            first.properties.isWhitespace || last.properties.isWhitespace
        else { return self }
        var rest = self[...].unicodeScalars
        while let scalar = rest.first, scalar.properties.isWhitespace { rest.removeFirst() }
        while let scalar = rest.last, scalar.properties.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}

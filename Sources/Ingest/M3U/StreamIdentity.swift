/// Which facts about a stream make it the same stream at the next refresh.
///
/// The database's `stream_hash` is the SHA-256 of these facts as the JSON text that Python's
/// `json.dumps(…, sort_keys=True)` writes: `{"name": "A", "url": "http://…"}`, ASCII only.
public struct StreamIdentity: Sendable, Equatable {
    /// One fact, by the name that the setting `m3u_hash_key` uses.
    public enum Key: String, Sendable, CaseIterable, Comparable {
        case group, m3uID = "m3u_id", name, tvgID = "tvg_id", url

        /// By name, as Python sorts the keys of a dictionary.
        public static func < (left: Key, right: Key) -> Bool { left.rawValue < right.rawValue }
    }

    /// The facts, sorted by name, each once.
    public let keys: [Key]

    /// The facts that a setting such as `name,url` lists.
    ///
    /// Unknown words are ignored; nothing known means `url`.
    public init(setting: String) {
        let named = setting.split(separator: ",").compactMap { Key(rawValue: String($0).trimmed) }
        keys = named.isEmpty ? [.url] : Set(named).sorted()
    }

    /// The hash of one entry of one account, 64 hexadecimal digits.
    public func hash(of entry: PlaylistEntry, account: Int) -> String {
        SHA256.hexadecimal(text(of: entry, account: account))
    }

    /// The hash of a stream whose facts are known, 64 hexadecimal digits.
    public func hash(
        name: String, url: String?, tvgID: String?, group: String?, account: Int, streamID: Int? = nil
    ) -> String {
        SHA256.hexadecimal(
            text(name: name, url: url, tvgID: tvgID, group: group, account: account, streamID: streamID))
    }

    func text(of entry: PlaylistEntry, account: Int) -> [UInt8] {
        text(
            name: entry.name, url: entry.url, tvgID: entry.tvgID, group: entry.group, account: account,
            streamID: entry.streamID)
    }

    private func text(
        name: String, url: String?, tvgID: String?, group: String?, account: Int, streamID: Int?
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(160)
        // An Xtream server's number outlives its address: it stands for the URL, together with the account.
        let number = keys.contains(.url) ? streamID : nil
        let keys = number == nil || keys.contains(.m3uID) ? keys : (keys + [.m3uID]).sorted()
        for key in keys {
            text.append(contentsOf: (text.isEmpty ? "{\"" : ", \"").utf8)
            text.append(contentsOf: key.rawValue.utf8)
            text.append(contentsOf: "\": ".utf8)
            switch key {
            case .group: text.appendPythonJSON(group)
            case .m3uID: text.append(contentsOf: String(account).utf8)
            case .name: text.appendPythonJSON(name)
            case .tvgID: text.appendPythonJSON(tvgID)
            case .url:
                if let number { text.append(contentsOf: String(number).utf8) } else { text.appendPythonJSON(url) }
            }
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}

extension [UInt8] {
    /// A string as Python's `json.dumps` writes it by default: what is not printable ASCII is escaped, in UTF-16 units.
    fileprivate mutating func appendPythonJSON(_ value: String?) {
        guard let value else { return append(contentsOf: "null".utf8) }
        append(UInt8(ascii: "\""))
        for unit in value.utf16 {
            switch unit {
            case 0x22: append(contentsOf: "\\\"".utf8)
            case 0x5C: append(contentsOf: "\\\\".utf8)
            case 0x0A: append(contentsOf: "\\n".utf8)
            case 0x0D: append(contentsOf: "\\r".utf8)
            case 0x09: append(contentsOf: "\\t".utf8)
            case 0x08: append(contentsOf: "\\b".utf8)
            case 0x0C: append(contentsOf: "\\f".utf8)
            case 0x20...0x7E: append(UInt8(truncatingIfNeeded: unit))
            default:
                append(contentsOf: "\\u".utf8)
                for shift in stride(from: 12, through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift)) & 15
                    append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                }
            }
        }
        append(UInt8(ascii: "\""))
    }
}

import CeleryProtocol

/// What a plugin repository says of itself: its name, and the plugins it offers.
///
/// On the web either `{"manifest": {"plugins": […], …}, "signature": "…"}` or the inner object alone; kept as the
/// former.
struct HubManifest: Sendable {
    /// A repository with more would be a mistake, or an attack.
    private static let mostPlugins = 10_000

    /// All of it, as the table keeps it.
    let document: JSONObject

    /// Checks what was fetched.
    ///
    /// - Throws: ``HubError`` `invalidManifest` with the place.
    init(fetched json: JSONValue) throws(HubError) {
        if json["manifest"]?["plugins"] != nil {
            document = json.object ?? [:]
        } else if json["plugins"] != nil {
            document = ["manifest": json]
        } else {
            throw .invalid("Manifest JSON missing 'manifest.plugins' list")
        }
        guard let offers = manifest["plugins"]?.array else { throw .invalid("manifest.plugins is not a list.") }
        guard offers.count <= Self.mostPlugins else {
            throw .invalid("manifest.plugins has \(offers.count) entries; at most \(Self.mostPlugins) are read.")
        }
        for (index, offer) in offers.enumerated() {
            guard let slug = offer["slug"]?.string, (1...128).contains(slug.unicodeScalars.count) else {
                throw .invalid("manifest.plugins[\(index)] has no slug of 1 to 128 characters.")
            }
        }
    }

    /// What the table keeps; plugins may have written there too, so nothing is sure.
    init(stored document: JSONObject) { self.document = document }

    /// What is signed.
    var manifest: JSONObject { document["manifest"]?.object ?? document }
    var signature: String? { document["signature"]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    var registryName: String { Self.trimmed(manifest["registry_name"]?.string ?? "") }
    var registryURL: String { Self.webAddress(manifest["registry_url"]) }
    /// Entries with a slug.
    var offers: [JSONObject] {
        (manifest["plugins"]?.array ?? []).compactMap(\.object).filter { $0["slug"]?.string?.isEmpty == false }
    }

    func offer(_ slug: String) -> JSONObject? { offers.first { $0["slug"]?.string == slug } }

    /// Where archives lie, without a slash at the end; empty when it is not said.
    var downloadBase: String { base("download_base_url") }
    /// Where descriptions and pictures lie, likewise.
    var metadataBase: String { base("metadata_base_url") }

    private func base(_ name: String) -> String {
        for name in [name, "root_url"] {
            let text = Self.webAddress(manifest[name])
            if !text.isEmpty { return String(text.reversed().drop { $0 == "/" }.reversed()) }
        }
        return ""
    }

    /// Whether people could take it for the official one.
    static func soundsOfficial(_ name: String) -> Bool {
        let lower = name.lowercased()
        return ["official", "dispatcharr plugins", "dispatcharr repo"].contains { lower.contains($0) }
    }

    /// An address that may be shown as a link; empty for anything else, `javascript:` too.
    static func webAddress(_ value: JSONValue?) -> String {
        guard let text = value?.string, isWebAddress(text) else { return "" }
        return text
    }

    /// The same for one that may be relative to a base.
    static func webAddress(_ value: JSONValue?, below base: String) -> String {
        guard let text = value?.string, !text.isEmpty else { return "" }
        if isWebAddress(text) { return text }
        return base.isEmpty ? "" : "\(base)/\(text)"
    }

    private static func isWebAddress(_ text: String) -> Bool {
        let lower = text.prefix(8).lowercased()
        return lower.hasPrefix("http://") || lower.hasPrefix("https://")
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// The bytes that an author may have signed: the manifest as compact JSON and a newline.
    ///
    /// `jq -c` writes letters as they are, Python's `json.dumps` escapes those beyond ASCII; both are in use.
    static func signedForms(of manifest: JSONObject) -> [[UInt8]] {
        let plain = manifest.encoded()
        let newline = UInt8(ascii: "\n")
        guard plain.contains(where: { $0 >= 0x80 }) else { return [plain + [newline]] }
        var escaped: [UInt8] = []
        for scalar in String(decoding: plain, as: UTF8.self).unicodeScalars {
            if scalar.isASCII {
                escaped.append(UInt8(truncatingIfNeeded: scalar.value))
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                escaped.append(contentsOf: Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8))
            }
        }
        return [plain + [newline], escaped + [newline]]
    }
}

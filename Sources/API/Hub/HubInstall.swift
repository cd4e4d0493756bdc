import Catalog
import CeleryProtocol
import HTTPTypes

/// What somebody wants installed: the body of `POST /api/plugins/repos/install/`, checked against its repository.
struct HubInstall {
    static let members: JSONObject = [
        "repo_id": Schema.integer(1...Int(Int32.max)), "slug": Schema.text(atMost: 128, atLeast: 1),
        "version": Schema.text(atMost: 64, atLeast: 1), "download_url": Schema.text(atMost: 2000, atLeast: 1),
        "sha256": Schema.optional(Schema.text), "min_dispatcharr_version": Schema.optional(Schema.text),
        "max_dispatcharr_version": Schema.optional(Schema.text), "prerelease": Schema.optional(Schema.looseFlag),
    ]
    static let answer = Schema.success(["plugin": Schema.anyObject])

    let repository: JSONValue
    let slug: String
    let version: String
    let address: String
    let isPrerelease: Bool
    private let sha256: String
    private let minimum: String
    private let maximum: String

    /// - Throws: 400.
    init(_ body: JSONObject) throws(APIError) {
        func text(_ name: String) -> String { (body[name]?.string ?? "").trimmingSpace }
        repository = body["repo_id"] ?? .null
        (slug, version, address) = (text("slug"), text("version"), text("download_url"))
        (sha256, minimum, maximum) = (
            text("sha256").lowercased(), text("min_dispatcharr_version"), text("max_dispatcharr_version")
        )
        isPrerelease = body["prerelease"]?.boolean ?? false
        let isNamed = ![JSONValue.null, 0, ""].contains(repository)
        guard isNamed, !slug.isEmpty, !version.isEmpty, !address.isEmpty else {
            throw .badRequest("repo_id, slug, version, and download_url are required", code: "missing_fields")
        }
    }

    /// What the repository says of the plugin.
    ///
    /// - Throws: 404 when it does not have it, 409 when nobody vouches for the repository, 400 for a version that does
    ///   not fit here.
    func offer(of repository: PluginRepository) throws(APIError) -> JSONObject {
        guard repository.isSignatureRight != false else {
            throw APIError(
                .conflict, code: "repo_not_verified",
                "Nothing is installed from '\(repository.name)': its manifest is not what its key's owner signed.",
                hint: "Correct the repository's public key, or read it again.")
        }
        guard let offer = HubManifest(stored: repository.document).offer(slug) else {
            throw APIError(
                .notFound, code: "plugin_not_listed", "'\(repository.name)' has no plugin '\(slug.prefix(128))'.",
                hint: "Read the repository again; its list may have changed.")
        }
        let isLatest = offer["latest_version"]?.string == version
        let ranges = [(minimum, maximum)] + (isLatest ? [Self.range(of: offer)] : [])
        for (minimum, maximum) in ranges {
            guard let misfit = HubVersion.misfit(minimum: minimum, maximum: maximum) else { continue }
            throw .badRequest(misfit, code: "incompatible_version")
        }
        return offer
    }

    /// The SHA-256 that the archive must have, in lower-case hexadecimal; nil when nobody says.
    ///
    /// Of the newest version the repository's own word counts, signed as it may be, and not the caller's.
    func checksum(in offer: JSONObject) -> String? {
        let listed = (offer["latest_sha256"]?.string ?? "").trimmingSpace.lowercased()
        if offer["latest_version"]?.string == version, !listed.isEmpty { return listed }
        return sha256.isEmpty ? nil : sha256
    }

    private static func range(of offer: JSONObject) -> (String, String) {
        (offer["min_dispatcharr_version"]?.string ?? "", offer["max_dispatcharr_version"]?.string ?? "")
    }
}

extension String {
    /// Without blanks and line breaks at both ends.
    var trimmingSpace: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

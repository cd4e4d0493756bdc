public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// Where plugins may be installed from: one row of `plugins_pluginrepo`.
public struct PluginRepository: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// What the manifest calls it; empty for one that was never read.
    public let name: String
    /// Where its manifest is.
    public let url: String
    /// Whether it is the one that came with the product, which cannot be removed.
    public let isOfficial: Bool
    /// Whether its plugins are shown.
    public let isEnabled: Bool
    /// What was fetched last: `{"manifest": {…}, "signature": "…"}`; empty before the first time.
    public let document: JSONObject
    /// The OpenPGP key that its manifests are signed with; empty when nobody gave one.
    public let publicKey: String
    /// Whether ``document`` is what the key's owner signed.
    ///
    /// Nil: nobody could tell, as there is no key.
    public let isSignatureRight: Bool?
    /// When a fetch was last tried.
    public let lastFetched: Date?
    /// `200`, or why the last fetch failed.
    public let lastFetchStatus: String
    /// When it was added.
    public let createdAt: Date
    /// When the row last changed.
    public let updatedAt: Date

    init(_ row: Row) {
        id = row["id"]
        name = row["name"]
        url = row["url"]
        isOfficial = row["is_official"]
        isEnabled = row["enabled"]
        document = row.object("cached_manifest")
        publicKey = row["public_key"]
        isSignatureRight = row["signature_verified"]
        lastFetched = row.time("last_fetched")
        lastFetchStatus = row["last_fetch_status"]
        createdAt = row.time("created_at") ?? .distantPast
        updatedAt = row.time("updated_at") ?? .distantPast
    }
}

/// A manifest that was fetched and found good, as the table takes it.
public struct FetchedManifest: Sendable, Equatable {
    /// What the manifest calls its repository; at most 255 characters are kept.
    public var name: String
    /// All that was fetched: `{"manifest": {…}, "signature": "…"}`.
    public var document: JSONObject
    /// Whether the signature is right; nil when there is no key to tell by.
    public var isSignatureRight: Bool?
    /// What is offered, by slug; true for what nobody should use any more.
    public var offers: [String: Bool]

    /// A manifest with these facts.
    public init(name: String, document: JSONObject, isSignatureRight: Bool?, offers: [String: Bool]) {
        self.name = name
        self.document = document
        self.isSignatureRight = isSignatureRight
        self.offers = offers
    }
}

/// The repository that a plugin was installed from, and what it offers now.
public struct PluginOrigin: Sendable, Equatable {
    /// The repository's identifier.
    public let repository: Int
    /// The repository's name.
    public let name: String
    /// Whether it is the official one.
    public let isOfficial: Bool
    /// The version that it offers; empty when it is switched off or says none.
    public let latestVersion: String
}

import Catalog
import CeleryProtocol

/// All that the repositories offer, beside what is installed of it.
struct HubOffers {
    private let byKey: [String: PluginRow]
    private let bySlug: [String: PluginRow]
    private let names: [Int: String]

    /// - Parameters:
    ///   - installed: Every plugin's row.
    ///   - repositories: All of them, for their names.
    init(installed: [PluginRow], repositories: [PluginRepository]) {
        byKey = Dictionary(installed.map { (Self.plain($0.key), $0) }) { first, _ in first }
        let managed = installed.filter { $0.repository != nil && !$0.slug.isEmpty }
        bySlug = Dictionary(managed.map { (Self.plain($0.slug), $0) }) { first, _ in first }
        names = Dictionary(repositories.map { ($0.id, $0.name) }) { first, _ in first }
    }

    /// What one repository offers: its own words, with addresses made whole, and what is installed of it.
    func list(_ repository: PluginRepository) -> [JSONValue] {
        let manifest = HubManifest(stored: repository.document)
        return manifest.offers.map { offer in
            var entry = Self.resolved(offer, in: manifest)
            for (name, value) in state(of: offer, in: repository) { entry[name] = value }
            entry["repo_id"] = .int(repository.id)
            entry["repo_name"] = .string(repository.name)
            entry["is_official_repo"] = .bool(repository.isOfficial)
            entry["signature_verified"] = JSONValue(repository.isSignatureRight)
            return .object(entry)
        }
    }

    /// Letters, digits and underscores; what the folder of a plugin of that name is called.
    static func key(of slug: String) -> String {
        let base = slug.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        let safe = base.lowercased().unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                ? Character(scalar) : "_"
        }
        let trimmed = String(safe.drop { $0 == "_" }.reversed().drop { $0 == "_" }.reversed())
        return trimmed.isEmpty ? "plugin" : String(trimmed.prefix(128))
    }

    private func state(of offer: JSONObject, in repository: PluginRepository) -> JSONObject {
        let slug = offer["slug"]?.string ?? ""
        let key = Self.key(of: slug)
        let managed = bySlug[Self.plain(slug)]
        let installed = managed ?? byKey[key]
        var state: JSONObject = [
            "key": .string(key), "installed": .bool(installed != nil),
            "installed_version": JSONValue(installed?.version),
            "installed_version_is_prerelease": .bool(managed?.isPrerelease ?? false),
        ]
        let status: String
        switch managed?.repository {
        case repository.id?:
            let latest = offer["latest_version"]?.string ?? ""
            let isOld = managed.map { Self.isUpdate(latest, over: $0.version, isPrerelease: $0.isPrerelease) } ?? false
            status = isOld ? "update_available" : "installed"
        case let other?:
            status = "different_repo"
            state["installed_source_repo_name"] = JSONValue(names[other])
        case nil: status = installed == nil ? "not_installed" : "unmanaged"
        }
        state["install_status"] = .string(status)
        return state
    }

    /// Whether a version that is offered should be pointed out to whoever has another one.
    static func isUpdate(_ latest: String, over installed: String, isPrerelease: Bool) -> Bool {
        !isPrerelease && !latest.isEmpty && !installed.isEmpty && latest != installed
    }

    /// Dashes and underscores are the same in plugins' names.
    private static func plain(_ name: String) -> String { String(name.map { $0 == "-" ? "_" : $0 }) }

    private static func resolved(_ offer: JSONObject, in manifest: HubManifest) -> JSONObject {
        var entry = offer
        for name in ["manifest_url", "icon_url"] where offer[name] != nil {
            entry[name] = .string(HubManifest.webAddress(offer[name], below: manifest.metadataBase))
        }
        if offer["latest_url"] != nil {
            entry["latest_url"] = .string(HubManifest.webAddress(offer["latest_url"], below: manifest.downloadBase))
        }
        // Links for people to follow: nothing but the web.
        for name in ["repo_url", "discord_thread"] where offer[name] != nil {
            entry[name] = .string(HubManifest.webAddress(offer[name]))
        }
        if entry["icon_url"]?.string?.isEmpty ?? true { entry["icon_url"] = .string(icon(entry, in: manifest)) }
        return entry
    }

    /// Where a picture is when nobody says: beside the plugin's own manifest, or in its source on GitHub.
    private static func icon(_ entry: JSONObject, in manifest: HubManifest) -> String {
        let own = entry["manifest_url"]?.string ?? ""
        if manifest.manifest["metadata_base_url"] != nil, let slash = own.lastIndex(of: "/") {
            return own[..<slash] + "/logo.png"
        }
        let host = "https://github.com/"
        guard manifest.registryURL.hasPrefix(host), let slug = entry["slug"]?.string else { return "" }
        let place = manifest.registryURL.dropFirst(host.count).split(separator: "/").joined(separator: "/")
        return "https://raw.githubusercontent.com/\(place)/refs/heads/main/plugins/\(slug)/logo.png"
    }
}

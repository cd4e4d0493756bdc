import Catalog
import CeleryProtocol
import PluginRuntime

/// One plugin, as `GET /api/plugins/plugins/` shows it: the union of both of Dispatcharr's generations.
struct PluginView: Sendable {
    let row: PluginRow
    /// Nil: its folder is gone.
    let found: PluginDescription?
    /// What its loaded code said of itself, if that was this code.
    let live: JSONValue?
    /// Why its loaded code could not be asked, if that was this code.
    let liveError: String?
    /// Why it takes no calls; nil while it does.
    let suspension: PluginSuspensions.Suspension?
    /// The repository that it was installed from; nil for one that came by hand.
    let origin: PluginOrigin?

    /// Puts a plugin together; `described` is what is remembered of its loaded code.
    init(
        row: PluginRow, found: PluginDescription?, described: PluginDescriptions.Entry?,
        suspension: PluginSuspensions.Suspension? = nil, origin: PluginOrigin? = nil
    ) {
        self.row = row
        self.found = found
        self.origin = origin
        self.suspension = row.isEnabled ? suspension : nil
        let isCurrent = row.isEnabled && found != nil && described?.fingerprint == found?.fingerprint
        live = isCurrent ? described?.description : nil
        liveError = isCurrent ? described?.error : nil
    }

    var uiSchema: JSONValue? { live?["ui_schema"].flatMap { $0.isNull ? nil : $0 } ?? found?.uiSchema }

    /// The row for clients; `origin` is the request's `http://host:port`, because `logo_url` is absolute.
    func json(origin: String) -> JSONValue {
        var json: JSONObject = [
            "key": .string(row.key), "name": .string(text("name", row.name)),
            "version": .string(text("version", row.version)),
            "description": .string(text("description", row.description)),
            "author": .string(text("author", found?.author)), "help_url": .string(text("help_url", found?.helpURL)),
            "enabled": .bool(row.isEnabled), "ever_enabled": .bool(row.wasEverEnabled),
            "trusted": .bool(row.isEnabled || row.wasEverEnabled),
        ]
        json["fields"] = live?["fields"] ?? .array(found?.fields ?? [])
        json["settings"] = .object(row.settings)
        json["actions"] = live?["actions"] ?? .array(found?.actions ?? [])
        json["ui_schema"] = uiSchema ?? .null
        json["missing"] = .bool(found == nil)
        json["loaded"] = .bool(row.isEnabled && found != nil && found?.loadError == nil && liveError == nil)
        json["legacy"] = .bool(found?.isLegacy ?? false)
        // The card shows it in the same place: either way the plugin does not run, and this says why.
        json["load_error"] = JSONValue(found?.loadError ?? liveError ?? suspension?.reason)
        json["suspended_until"] = JSONValue(suspension.map { APITime.text($0.until) })
        json["requirements"] = [
            "state": .string((found?.requirements.state ?? .none).rawValue),
            "error": JSONValue(found?.requirements.error),
        ]
        json["warnings"] = .array((found?.warnings ?? []).map(JSONValue.string))
        json["logo_url"] = found?.logoPath == nil ? .null : .string("\(origin)/api/plugins/plugins/\(row.key)/logo/")
        for (key, value) in repositoryMembers { json[key] = value }
        return .object(json)
    }

    /// Members about the repository a plugin was installed from.
    private var repositoryMembers: JSONObject {
        let latest = origin?.latestVersion ?? ""
        return [
            "source_repo": JSONValue(origin?.repository), "source_repo_name": JSONValue(origin?.name),
            "is_official_repo": .bool(origin?.isOfficial ?? false), "slug": .string(row.slug),
            "is_managed": .bool(origin != nil), "installed_version_is_prerelease": .bool(row.isPrerelease),
            "update_available": .bool(HubOffers.isUpdate(latest, over: row.version, isPrerelease: row.isPrerelease)),
            "latest_version": .string(latest), "deprecated": .bool(row.isDeprecated),
        ]
    }

    private func text(_ member: String, _ fallback: String?) -> String {
        let said = live?[member]?.string ?? ""
        return said.isEmpty ? fallback ?? "" : said
    }

    /// Whether its own pages say that a resource may be asked for while the plugin is disabled.
    func declaresAllowDisabled(_ resource: String) -> Bool {
        uiSchema.map { Self.declares(resource, in: $0) } ?? false
    }

    private static func declares(_ resource: String, in node: JSONValue) -> Bool {
        switch node {
        case .array(let nodes): return nodes.contains { declares(resource, in: $0) }
        case .object(let members):
            let names = [members["resource"]?.string, members["id"]?.string]
            let allows = members["allowDisabled"]?.bool ?? members["allow_disabled"]?.bool ?? false
            if allows, names.contains(resource) { return true }
            return members.values.contains { declares(resource, in: $0) }
        default: return false
        }
    }
}

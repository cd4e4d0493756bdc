import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Synchronization

/// Plugins' own manifests, with all their versions, as their repositories have them.
final class HubDetails: Sendable {
    /// What is shown of one.
    struct Detail: Sendable, Equatable {
        let manifest: JSONObject
        /// Nil: there is no key to tell by.
        let isSignatureRight: Bool?

        var json: JSONValue {
            ["manifest": .object(manifest), "signature_verified": JSONValue(isSignatureRight)]
        }
    }

    private struct Entry {
        let detail: Detail
        let until: ContinuousClock.Instant
    }

    /// Five minutes: people open the same card again and again.
    private static let lifetime = Duration.seconds(300)
    /// A page of cards.
    private static let mostEntries = 64

    private let hub: PluginHub
    private let entries = Mutex<[String: Entry]>([:])

    init(_ hub: PluginHub) { self.hub = hub }

    /// One plugin's manifest, from memory for five minutes or until its repository is read again.
    ///
    /// - Throws: ``HubError``; `SignatureCheck.Failure`.
    func detail(at url: String, of repository: PluginRepository) async throws -> Detail {
        // Another key or another manifest makes another name.
        let read = repository.lastFetched?.timeIntervalSince1970 ?? 0
        let name = "\(repository.id) \(read) \(repository.updatedAt.timeIntervalSince1970) \(url)"
        let now = ContinuousClock.now
        if let entry = entries.withLock({ $0[name] }), entry.until > now { return entry.detail }
        let detail = try await fetch(url, repository)
        entries.withLock { entries in
            entries = entries.filter { $0.value.until > now }
            if entries.count >= Self.mostEntries { entries.removeAll() }
            entries[name] = Entry(detail: detail, until: now + Self.lifetime)
        }
        return detail
    }

    private func fetch(_ url: String, _ repository: PluginRepository) async throws -> Detail {
        let json = try await hub.json(url, trust: .named(typed: repository.url))
        guard let document = json.object else { throw HubError.invalid("The plugin's manifest is no JSON object.") }
        let own = HubManifest(stored: document)
        let verdict = try await hub.verdict(on: own, key: repository.publicKey)
        guard verdict != false || own.signature == nil else { throw HubError.wrongSignature }
        let base = HubManifest(stored: repository.document).downloadBase
        var manifest = own.manifest
        if let versions = manifest["versions"]?.array {
            manifest["versions"] = .array(versions.map { Self.resolved($0, ["url"], below: base) })
        }
        if let latest = manifest["latest"] {
            manifest["latest"] = Self.resolved(latest, ["url", "latest_url"], below: base)
        }
        return Detail(manifest: manifest, isSignatureRight: verdict)
    }

    private static func resolved(_ entry: JSONValue, _ names: [String], below base: String) -> JSONValue {
        guard var object = entry.object else { return entry }
        for name in names where object[name] != nil {
            object[name] = .string(HubManifest.webAddress(object[name], below: base))
        }
        return .object(object)
    }
}

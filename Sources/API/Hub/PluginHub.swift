public import Catalog
import CeleryProtocol
import Ingest
public import Logging
import PluginRuntime

/// Repositories of plugins: reads their manifests, and believes only what is signed where a key is known.
///
/// A manifest that is not what the key's owner signed is never taken: the last good one stays, with what it offers.
public struct PluginHub: Sendable {
    let catalog: CatalogDatabase
    let signatures = SignatureCheck()
    /// For a whole manifest.
    let deadline: Duration
    let logger: Logger

    /// The hub on a database.
    public init(_ catalog: CatalogDatabase, logger: Logger) {
        self.init(catalog, deadline: .seconds(15), logger: logger)
    }

    init(_ catalog: CatalogDatabase, deadline: Duration, logger: Logger) {
        self.catalog = catalog
        self.deadline = deadline
        self.logger = logger
    }

    /// Reads every repository that is switched on; a failure is kept with the repository.
    ///
    /// - Returns: How many could be read, of how many.
    public func refreshAll() async throws -> (read: Int, of: Int) {
        let all = try await catalog.pluginRepositories.enabled()
        var read = 0
        for repository in all {
            do {
                _ = try await refresh(repository)
                read += 1
            } catch let error as HubError {
                logger.info(
                    "A plugin repository was not read",
                    metadata: ["repository": "\(repository.name)", "error": "\(error)"])
            } catch let error as SignatureCheck.Failure {
                try await catalog.pluginRepositories.noteFailure(repository.id, status: error.description)
            }
        }
        return (read, all.count)
    }

    /// Reads one repository again.
    ///
    /// - Throws: `HubError`, which the table remembers too; `SignatureCheck.Failure`; what the database throws.
    func refresh(_ repository: PluginRepository) async throws -> PluginRepository {
        do {
            let fetched = try await read(
                repository.url, key: repository.publicKey, isOfficial: repository.isOfficial)
            let (now, dropped) = try await catalog.pluginRepositories.take(fetched, for: repository.id)
            if !dropped.isEmpty {
                logger.notice(
                    "Plugins are no longer in their repository",
                    metadata: ["repository": "\(now.name)", "plugins": "\(dropped.joined(separator: ", "))"])
            }
            return now
        } catch let error as HubError {
            try await catalog.pluginRepositories.noteFailure(repository.id, status: error.status)
            throw error
        }
    }

    /// Adds the repository at an address.
    func add(_ url: String, publicKey: String) async throws -> PluginRepository {
        let fetched = try await read(url, key: publicKey, isOfficial: false)
        return try await catalog.pluginRepositories.insert(url: url, publicKey: publicKey, fetched)
    }

    /// What a manifest is worth, and what speaks against taking it; nothing is kept.
    func look(at url: String, publicKey: String) async throws -> (
        manifest: HubManifest, isSignatureRight: Bool?, faults: [String]
    ) {
        let manifest = try await fetch(url)
        let verdict = try await verdict(on: manifest, key: publicKey)
        var faults: [String] = []
        if manifest.registryName.isEmpty {
            faults.append("Manifest is missing a 'registry_name'.")
        } else if HubManifest.soundsOfficial(manifest.registryName) {
            faults.append(Self.refusedName(manifest.registryName))
        }
        if verdict == false {
            faults.append((manifest.signature == nil ? HubError.missingSignature : .wrongSignature).message)
        }
        if try await catalog.pluginRepositories.knows(url) {
            faults.append("This manifest URL has already been added.")
        }
        return (manifest, verdict, faults)
    }

    /// Whether the manifest is what the key's owner signed.
    ///
    /// Nil: there is no key. A manifest that lacks its signature counts as wrong, or whoever is in between could leave
    /// it out.
    func verdict(on manifest: HubManifest, key: String) async throws -> Bool? {
        guard let key = try Self.parsed(key) else { return nil }
        guard let signature = manifest.signature else { return false }
        for form in HubManifest.signedForms(of: manifest.manifest)
        where try await signatures.isRight(signature, of: form, by: key) { return true }
        return false
    }

    /// The key of a text; nil for an empty one.
    static func parsed(_ key: String) throws(HubError) -> PublicKey? {
        guard key.contains(where: { !$0.isWhitespace }) else { return nil }
        guard let parsed = PublicKey(armored: key) else { throw .invalidKey }
        return parsed
    }

    private func read(_ url: String, key: String, isOfficial: Bool) async throws -> FetchedManifest {
        _ = try Self.parsed(key)
        let manifest = try await fetch(url)
        let verdict = try await verdict(on: manifest, key: key)
        guard verdict != false else {
            throw manifest.signature == nil ? HubError.missingSignature : .wrongSignature
        }
        let name = manifest.registryName
        guard !name.isEmpty else {
            throw HubError(
                kind: .refusedName,
                message: "Manifest is missing a 'registry_name'. The repo maintainer must set this field.")
        }
        guard isOfficial || !HubManifest.soundsOfficial(name) else {
            throw HubError(kind: .refusedName, message: Self.refusedName(name))
        }
        let offers = manifest.offers.map { ($0["slug"]?.string ?? "", $0["deprecated"]?.boolean ?? false) }
        return FetchedManifest(
            name: name, document: manifest.document, isSignatureRight: verdict,
            offers: Dictionary(offers) { first, _ in first })
    }

    private func fetch(_ url: String) async throws -> HubManifest {
        try HubManifest(fetched: try await json(url, trust: .typed))
    }

    /// A document of a repository.
    ///
    /// - Throws: ``HubError``.
    func json(_ url: String, trust: Download.Trust) async throws -> JSONValue {
        do {
            return try await JSONDocument(trust: trust, deadline: deadline, logger: logger).fetch(url)
        } catch let error as DownloadError {
            throw HubError(kind: .notFetched(error.code), message: error.detail)
        } catch is JSONError {
            throw HubError.invalid(
                "The URL did not return valid JSON. Make sure it points directly to a manifest .json file.")
        } catch let error as DecompressionError {
            throw HubError(kind: .notFetched(nil), message: "\(error)")
        }
    }

    private static func refusedName(_ name: String) -> String {
        "The registry name '\(name.prefix(255))' is not allowed because it may be confused with an official repo."
    }
}

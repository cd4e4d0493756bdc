import NIOPosix
import Synchronization

/// The plugins folder as one process knows it: read by Python once, and again when a file in it has changed.
///
/// Who asks pays for looking at some names and times, not for a start of Python: a plugin's call asks each time.
public final class PluginFolder: Sendable {
    private struct Known {
        var plugins: [PluginDescription] = []
        var byKey: [String: PluginDescription] = [:]
        /// By the folder's name, as they were before Python read them: a change meanwhile shows at the next look.
        var stamps: [String: FolderStamp]?
    }

    private let discovery: PluginDiscovery
    private let known = Mutex(Known())
    private let reading = Mutex<Task<Void, any Error>?>(nil)

    /// Nothing is read yet.
    public init(_ discovery: PluginDiscovery) {
        self.discovery = discovery
    }

    /// Every plugin in the folder, by the order of their folders' names.
    ///
    /// - Parameter isFresh: Has Python read it in any case, as somebody asked for that.
    /// - Returns: One for each folder that is a plugin.
    /// - Throws: ``PluginError/Code/unavailable`` without Python, ``PluginError/Code/discoveryFailed`` otherwise.
    public func all(isFresh: Bool = false) async throws -> [PluginDescription] {
        let now = try await stamps()
        if !isFresh, let plugins = known.withLock({ $0.stamps == now ? $0.plugins : nil }) { return plugins }
        try await read(isFresh: isFresh)
        return known.withLock { $0.plugins }
    }

    /// The plugin of that key as its files are now; nil when there is none.
    ///
    /// - Throws: As ``all(isFresh:)``.
    public func find(_ key: String) async throws -> PluginDescription? {
        // A file that changes at each look is a copy that goes on; the next call sees its end.
        for _ in 0..<3 {
            if let (plugin, stamp) = known.withLock({ known in
                known.byKey[key].map { ($0, known.stamps?[$0.folder]) }
            }) {
                if try await self.stamp(of: plugin) == stamp { return plugin }
                try await read(isFresh: false)
            } else {
                try await read(isFresh: false)
                guard known.withLock({ $0.byKey[key] != nil }) else { return nil }
            }
        }
        return known.withLock { $0.byKey[key] }
    }

    /// As ``find(_:)`` for a plugin that was found before; nil for any other, whose finding would be a reading.
    ///
    /// - Throws: As ``all(isFresh:)``.
    public func findKnown(_ key: String) async throws -> PluginDescription? {
        guard known.withLock({ $0.byKey[key] != nil }) else { return nil }
        return try await find(key)
    }

    // MARK: reading

    /// Waits for a reading that goes on, or begins one.
    ///
    /// One that began before somebody asked for a fresh one does not count as fresh.
    private func read(isFresh: Bool) async throws {
        if isFresh { _ = try? await reading.withLock({ $0 })?.value }  // its failure is its own callers' affair
        let task = reading.withLock { reading in
            if let reading { return reading }
            // A task of its own: the many who wait for it must not lose it with the first one that gives up.
            let task = Task { try await self.readNow() }
            reading = task
            return task
        }
        try await task.value
    }

    private func readNow() async throws {
        defer { reading.withLock { $0 = nil } }
        let stamps = try await stamps()
        let plugins = try await discovery.scan()
        known.withLock {
            $0 = Known(
                plugins: plugins, byKey: Dictionary(plugins.map { ($0.key, $0) }) { first, _ in first }, stamps: stamps)
        }
    }

    private var packages: String { discovery.environment.packagesDirectory }

    private func stamps() async throws -> [String: FolderStamp] {
        try await NIOThreadPool.singleton.runIfActive { [root = discovery.environment.pluginsDirectory, packages] in
            FolderStamp.all(below: root, packages: packages)
        }
    }

    private func stamp(of plugin: PluginDescription) async throws -> FolderStamp {
        try await NIOThreadPool.singleton.runIfActive { [packages] in
            FolderStamp(plugin: plugin.path, packages: "\(packages)/\(plugin.key)")
        }
    }
}

import CeleryProtocol

/// What plugins' processes may reach, beyond what every plugin needs.
///
/// The kernel enforces it (Landlock, seccomp, an own user where the server runs as root); what a kernel lacks is left
/// out, and ``SandboxReport`` says so. Set in the process between fork and its first line of code.
public struct PluginSandbox: Sendable, Hashable {
    /// Off: plugins reach whatever the server's user does.
    public var isEnabled: Bool
    /// Keys of plugins that are trusted to run outside it.
    public var unconfined: Set<String>
    /// Keys of plugins whose only network is the broker's; a manifest with `"offline": true` says it too.
    public var offline: Set<String>
    /// Files and folders that plugins may read and write besides their own: a media library, a device.
    public var paths: [String]

    /// On for all plugins, or otherwise.
    public init(
        isEnabled: Bool = true, unconfined: Set<String> = [], offline: Set<String> = [], paths: [String] = []
    ) {
        self.isEnabled = isEnabled
        self.unconfined = unconfined
        self.offline = offline
        self.paths = paths
    }

    /// What the spawn frame says of it; nil for a plugin outside it.
    func profile(of key: String) -> JSONObject? {
        guard isEnabled, !unconfined.contains(key) else { return nil }
        return ["offline": .bool(offline.contains(key)), "paths": .array(paths.map(JSONValue.string))]
    }
}

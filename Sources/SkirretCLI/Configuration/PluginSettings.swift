import PluginRuntime
import SkirretRedis

/// What plugins may do on this machine.
///
/// | key | values |
/// |---|---|
/// | `plugin-sandbox` | `on`, or `off` for no sandbox around any plugin |
/// | `plugin-unconfined` | keys of plugins outside the sandbox, separated by commas |
/// | `plugin-offline` | keys of plugins whose only network is the broker's |
/// | `plugin-paths` | absolute paths that plugins may read and write too, separated by colons |
/// | `plugin-memory` | MiB that one process of a plugin may use, 64 to 1048576 |
/// | `plugin-redis-url` | the broker under a user with a plugin's rights only; nothing means the worker's own |
/// | `safe-mode` | `on` to run no plugin at all |
struct PluginSettings: Sendable {
    var options = PluginHostOptions()
    /// The broker as plugins' processes call it; nil: as the worker does.
    var redis: RedisURL?
    /// No plugin runs.
    var isSafeMode = false

    /// Reads and checks; what is wrong is added to `faults`.
    init(_ sources: SettingSources, faults: inout [String]) {
        func isOn(_ setting: Setting) -> Bool {
            switch (sources[setting] ?? "").lowercased() {
            case "on", "true", "yes", "1": return true
            case "off", "false", "no", "0": return false
            case let text:
                faults.append("\(setting.name): expected on or off, got '\(text)'.")
                return setting.fallback == "on"
            }
        }
        func list(_ setting: Setting, _ separator: Character) -> [String] {
            (sources[setting] ?? "").split(separator: separator).map { $0.trimmingPrefix(" ") }.map(String.init)
        }
        isSafeMode = isOn(.safeMode)
        options.sandbox = PluginSandbox(
            isEnabled: isOn(.pluginSandbox), unconfined: Set(list(.pluginUnconfined, ",")),
            offline: Set(list(.pluginOffline, ",")), paths: list(.pluginPaths, ":"))
        for path in options.sandbox.paths where !path.hasPrefix("/") {
            faults.append("plugin-paths: expected absolute paths, got '\(path)'.")
        }
        if let text = sources[.pluginRedisURL] {
            do { redis = try RedisURL(parsing: text) } catch { faults.append("plugin-redis-url: \(error)") }
        }
        let memory = sources[.pluginMemory] ?? ""
        if let megabytes = Int(memory), (64...1_048_576).contains(megabytes) {
            options.limits.memoryBytes = megabytes << 20
        } else {
            faults.append("plugin-memory: expected MiB from 64 to 1048576, got '\(memory)'.")
        }
    }

    /// What is wrong with them beside this broker, if anything.
    func fault(beside broker: RedisURL) -> String? {
        guard var same = redis else { return nil }
        (same.username, same.password) = (broker.username, broker.password)
        guard same != broker else { return nil }
        return "plugin-redis-url: expected the broker's own address with another user, got another address."
    }

    /// The same, for a role's environment.
    var environment: [String: String] {
        var environment = [
            Setting.safeMode.variable: isSafeMode ? "on" : "off",
            Setting.pluginSandbox.variable: options.sandbox.isEnabled ? "on" : "off",
            Setting.pluginUnconfined.variable: options.sandbox.unconfined.sorted().joined(separator: ","),
            Setting.pluginOffline.variable: options.sandbox.offline.sorted().joined(separator: ","),
            Setting.pluginPaths.variable: options.sandbox.paths.joined(separator: ":"),
            Setting.pluginMemory.variable: String(options.limits.memoryBytes >> 20),
        ]
        if let redis { environment[Setting.pluginRedisURL.variable] = redis.text }
        return environment
    }
}

import struct Foundation.Date

/// What a host says to calls that it cannot pass on.
extension PluginError {
    static let stopping = PluginError(
        .interrupted, message: "The plugin host is stopping.", hint: "Send the call again.")

    static let noAcceptance = PluginError(
        .unavailable, message: "Nobody takes tasks from plugins here.", hint: "Send them to Redis.")

    static func suspended(_ key: String, for rest: Duration, _ reason: String) -> PluginError {
        PluginError(
            .suspended, plugin: key,
            message: "Plugin \"\(key)\" crashed too often and rests for another \(rest.components.seconds + 1) s. "
                + "The last time its process \(reason).",
            hint: "Mend the plugin and reload it, or wait.",
            suspendedUntil: Date().addingTimeInterval(Double(rest.components.seconds)))
    }
}

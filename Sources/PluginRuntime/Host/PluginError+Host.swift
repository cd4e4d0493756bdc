import CeleryProtocol

/// The errors that the host makes, in its own words. Each names the plugin and what was asked of it.
extension PluginError {
    static func raised(
        _ key: String, _ failure: PluginFailure, _ call: CallRecord, stopped: ChildState.StopReason?
    ) -> PluginError {
        let details = failure.traceback.split(separator: "\n", omittingEmptySubsequences: true).suffix(50).map(
            String.init)
        switch stopped {
        case .deadline where failure.isSoftStop:
            return PluginError(
                .timedOut, plugin: key,
                message: "Plugin \"\(key)\" did not finish \(call.summary) in \(call.deadline).",
                hint: "It stopped when asked to. Give it more time, or less to do.", details: details, failure: failure)
        case .cancelled:
            return PluginError(
                .cancelled, plugin: key, message: "\(call.summary) of plugin \"\(key)\" was cancelled.",
                hint: "It stopped when asked to.", details: details, failure: failure)
        case .deadline, nil:
            return PluginError(
                .failed, plugin: key,
                message:
                    "Plugin \"\(key)\" failed in \(call.summary): \(failure.type): \(cut(failure.message, to: 512)).",
                hint: "The traceback is in its log.", details: details, failure: failure)
        }
    }

    static func ended(
        _ key: String, _ verdict: ChildState.Verdict, _ call: CallRecord, _ crash: CrashReport?
    ) -> PluginError {
        switch verdict {
        case .timedOut:
            PluginError(
                .timedOut, plugin: key,
                message: "Plugin \"\(key)\" did not finish \(call.summary) in \(call.deadline).",
                hint: "It did not stop when asked to and was killed. Give it more time, or less to do.")
        case .cancelled:
            PluginError(
                .cancelled, plugin: key, message: "\(call.summary) of plugin \"\(key)\" was cancelled.",
                hint: "It did not stop when asked to and was killed.")
        case .malformed(let reason):
            PluginError(
                .malformedFrame, plugin: key,
                message: "Plugin \"\(key)\" was killed in \(call.summary): it sent \(reason).",
                hint: "Something in it writes to descriptor 3, which is not its own.")
        case .serverDied:
            PluginError(
                .interrupted, plugin: key,
                message: "\(call.summary) of plugin \"\(key)\" ended with the Python host, which died.",
                hint: "Send the call again; the host is being started anew.")
        case .hostStopping:
            PluginError(
                .interrupted, plugin: key,
                message: "\(call.summary) of plugin \"\(key)\" was interrupted by a shutdown.",
                hint: "Send the call again.")
        case .killedForAnother:
            PluginError(
                .interrupted, plugin: key,
                message: "\(call.summary) of plugin \"\(key)\" ended with its process, which another call had used up.",
                hint: "Send the call again.")
        case .crashed:
            crashed(key, call, crash)
        }
    }

    private static func crashed(_ key: String, _ call: CallRecord, _ crash: CrashReport?) -> PluginError {
        PluginError(
            .crashed, plugin: key,
            message: "The process of plugin \"\(key)\" \(crash.map { "\($0)" } ?? "ended") in \(call.summary).",
            hint: crash?.isOutOfMemory == true
                ? "Raise its memory limit, or let it work in smaller pieces."
                : "Its last lines of output say where. Other plugins were not affected.",
            details: crash?.lastLines ?? [], crash: crash)
    }

    static func cancelled(_ key: String, _ summary: String) -> PluginError {
        PluginError(
            .cancelled, plugin: key, message: "\(summary) of plugin \"\(key)\" was cancelled before it began.",
            hint: "Nothing of it has run.")
    }

    static func noProcess(_ key: String, within limit: Duration) -> PluginError {
        PluginError(
            .unavailable, plugin: key, message: "No process for plugin \"\(key)\" within \(limit).",
            hint: "Is the Python host running? `skirret doctor` looks.")
    }

    static func busy(_ key: String, _ limit: Int) -> PluginError {
        PluginError(
            .busy, plugin: key, message: "Plugin \"\(key)\" is busy with \(limit) calls.",
            hint: "Send the call again when some are done.")
    }

    static func requestTooLarge(_ key: String, _ size: Int) -> PluginError {
        PluginError(
            .requestTooLarge, plugin: key,
            message:
                "The call of plugin \"\(key)\" is \(size >> 20) MiB; at most \(PluginHost.requestLimit >> 20) are sent.",
            hint: "Send large data as an uploaded file.")
    }
}

extension PluginFailure {
    /// The exception that a soft stop raises in the plugin's thread.
    fileprivate var isSoftStop: Bool { type == "SoftTimeLimitExceeded" }
}

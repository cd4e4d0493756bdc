package import CeleryProtocol

extension TaskFailure {
    /// What a call of a plugin ends with where no plugin runs.
    package static func safeMode(_ plugin: String) -> TaskFailure {
        .builtin("PermissionError", "Plugin '\(plugin)' \(safeModeReason)")
    }

    private static let safeModeReason = "does not run: this worker was started with --safe-mode"

    var isOfSafeMode: Bool {
        excType == "PermissionError" && excMessage.first?.string?.hasSuffix(Self.safeModeReason) ?? false
    }

    /// `str(error)` in Python's words.
    var message: String {
        if excType == "PluginError" { return excMessage.first?.string ?? excType }
        // What it was raised with is not always what it says: `OSError(13, "Permission denied", "/data/x.json")`.
        if excMessage.count != 1, let said = lastLine?.text, !said.isEmpty { return said }
        let parts = excMessage.map { $0.string ?? $0.text }
        return parts.isEmpty ? excType : parts.joined(separator: ", ")
    }

    /// Class and text, as the last line of a traceback: `OSError: [Errno 13] Permission denied: '/data/x.json'`.
    var sentence: String {
        if excType == "PluginError" { return message }
        return message == excType ? excType : "\(excType): \(message)"
    }

    /// The end of the traceback from the line that names the exception.
    private var lastLine: (name: String, text: String)? {
        for line in (traceback ?? "").split(separator: "\n").reversed() where line.first?.isWhitespace == false {
            guard let colon = line.firstRange(of: ": ") else { continue }
            let name = line[..<colon.lowerBound].split(separator: ".").last.map(String.init) ?? ""
            if name == excType { return (name, String(line[colon.upperBound...])) }
        }
        return nil
    }
}

public import CeleryProtocol

public import struct Foundation.Date

/// Why a plugin did not answer: what happened, to which plugin, and what to do about it.
public struct PluginError: Error, Sendable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Stable text, fit for an API answer.
        public let rawValue: String

        /// A code by its stable text.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The plugin's own code raised; see ``PluginError/failure``.
        public static let failed = Code(rawValue: "plugin_failed")
        /// Its process died under the call; see ``PluginError/crash``.
        public static let crashed = Code(rawValue: "plugin_crashed")
        /// It ran past its deadline, and was stopped or killed.
        public static let timedOut = Code(rawValue: "plugin_timed_out")
        /// The caller gave up, and the call was stopped or killed.
        public static let cancelled = Code(rawValue: "plugin_cancelled")
        /// Nothing wrong with this call: its process ended for another reason.
        ///
        /// It may be repeated.
        public static let interrupted = Code(rawValue: "plugin_interrupted")
        /// It crashed too often and rests; see ``PluginError/suspendedUntil``.
        public static let suspended = Code(rawValue: "plugin_suspended")
        /// Too many calls of this plugin are running.
        public static let busy = Code(rawValue: "plugin_busy")
        /// No process could be started for it, or the Python host is not running.
        ///
        /// It may be repeated.
        public static let unavailable = Code(rawValue: "plugin_host_unavailable")
        /// Its process wrote something on the frame socket that is not a frame.
        public static let malformedFrame = Code(rawValue: "plugin_malformed_frame")
        /// The request is larger than a frame may be.
        public static let requestTooLarge = Code(rawValue: "plugin_request_too_large")
        /// Its packages could not be installed.
        public static let requirementsFailed = Code(rawValue: "plugin_requirements_failed")
        /// The plugins folder could not be read.
        public static let discoveryFailed = Code(rawValue: "plugin_discovery_failed")

        /// The stable text.
        public var description: String { rawValue }
    }

    /// What kind of failure.
    public let code: Code
    /// Key of the plugin; empty when the host itself is at fault.
    public let plugin: String
    /// What happened, as a sentence.
    public let message: String
    /// What the reader can do about it.
    public let hint: String
    /// The last lines of output, oldest first, or the traceback's.
    ///
    /// At most 50.
    public let details: [String]
    /// The exception, for ``Code/failed``, and for a soft deadline that the plugin noticed.
    public let failure: PluginFailure?
    /// How its process ended, for ``Code/crashed``.
    public let crash: CrashReport?
    /// When calls are accepted again, for ``Code/suspended``.
    public let suspendedUntil: Date?

    init(
        _ code: Code, plugin: String = "", message: String, hint: String, details: [String] = [],
        failure: PluginFailure? = nil, crash: CrashReport? = nil, suspendedUntil: Date? = nil
    ) {
        self.code = code
        self.plugin = plugin
        self.message = message
        self.hint = hint
        self.details = details
        self.failure = failure
        self.crash = crash
        self.suspendedUntil = suspendedUntil
    }

    /// Whether the same call may succeed when repeated: the failure was not the call's own.
    public var mayBeRepeated: Bool {
        [.crashed, .interrupted, .unavailable, .busy].contains(code)
    }

    /// Message and hint; stands alone in a log.
    ///
    /// The details are not in it.
    public var description: String { "\(message) \(hint)" }
}

/// An exception that the plugin's code raised.
public struct PluginFailure: Sendable, Hashable {
    /// Name of the exception's class: `ValueError`.
    public let type: String
    /// Module of that class: `builtins`.
    public let module: String
    /// `str(error)`.
    public let message: String
    /// The exception's arguments; what is not a plain value is text.
    public let args: [JSONValue]
    /// Python's traceback, many lines; empty when there is none.
    public let traceback: String

    init(json: JSONValue) {
        type = json["type"]?.string ?? "Exception"
        module = json["module"]?.string ?? "builtins"
        message = json["message"]?.string ?? ""
        args = json["args"]?.array ?? []
        traceback = json["traceback"]?.string ?? ""
    }
}

/// How a plugin's process ended when nobody had asked it to.
public struct CrashReport: Sendable, Hashable, CustomStringConvertible {
    /// The signal that ended it, nil when it exited by itself or nobody knows.
    public let signal: Int32?
    /// The status it exited with, nil when a signal ended it or nobody knows.
    public let exitCode: Int32?
    /// Whether it was at its memory limit: a guess from peak memory, signal and last output.
    public let isOutOfMemory: Bool
    /// Whether it and what it had started were more processes than they may be.
    public let hadTooManyProcesses: Bool
    /// Peak resident memory in bytes, nil when unknown.
    public let peakMemoryBytes: Int?
    /// The last lines it printed, oldest first; at most 50.
    public let lastLines: [String]

    /// What happened to it, as the rest of a sentence: `was ended by SIGKILL, out of memory`.
    public var description: String {
        let ending =
            if let signal { "was ended by \(signalName(signal))" } else if let exitCode {
                "exited with status \(exitCode)"
            } else { "ended in a way nobody saw" }
        return isOutOfMemory
            ? "\(ending), out of memory" : hadTooManyProcesses ? "\(ending), with too many processes" : ending
    }
}

import CeleryProtocol
import Logging

import struct Foundation.Date

/// Names one call among those of its plugin's process.
struct CallID: Hashable, CustomStringConvertible {
    let rawValue: Int
    var description: String { "\(rawValue)" }
}

/// Bytes on a frame socket that are not what the protocol allows; nothing after them can be trusted.
struct FrameFault: Error, Equatable {
    let reason: String
}

/// What a plugin's process says.
enum ChildFrame: Equatable {
    case result(CallID, JSONValue)
    case error(CallID, PluginFailure)
    /// Belongs to a call, or to a thread that the plugin started by itself.
    case event(CallID?, PluginEvent)
    /// A task that its code sends.
    case order(PluginTaskOrder)
    /// From a newer host; ignored.
    case unknown(type: String)

    init(parsing bytes: [UInt8]) throws(FrameFault) {
        let frame = try parseFrame(bytes)
        let id = frame["id"]?.int.map(CallID.init)
        switch frame["type"]?.string {
        case "result":
            self = .result(try Self.require(id, in: "result"), frame["result"] ?? .null)
        case "error":
            self = .error(try Self.require(id, in: "error"), PluginFailure(json: frame["error"] ?? [:]))
        case "log":
            self = .event(id, Self.log(frame))
        case "event":
            guard let name = frame["event"]?.string else { throw FrameFault(reason: "an event frame without a name") }
            self = .event(
                id,
                .event(name: name, payload: frame["payload"] ?? .null, success: frame["success"]?.bool ?? true))
        case "order":
            self = .order(try PluginTaskOrder(frame: frame))
        case "update":
            self = .event(id, .update(frame["data"] ?? .null))
        case "progress":
            let percent = frame["percent"]?.double ?? 0
            self = .event(
                id,
                .progress(
                    percent: percent.isFinite ? min(max(percent, 0), 100) : 0,
                    message: cut(frame["message"]?.string ?? "")))
        case let type:
            self = .unknown(type: type ?? "none")
        }
    }

    private static func log(_ frame: JSONObject) -> PluginEvent {
        let level: Logger.Level =
            switch frame["level"]?.string {
            case "debug", "notset": .debug
            case "warning", "warn": .warning
            case "error": .error
            case "critical", "fatal": .critical
            default: .info
            }
        let time = frame["time"]?.double.map { Date(timeIntervalSince1970: $0) } ?? Date()
        return .log(
            level: level, logger: frame["logger"]?.string ?? "plugin", message: cut(frame["message"]?.string ?? ""),
            time: time)
    }

    private static func require(_ id: CallID?, in type: String) throws(FrameFault) -> CallID {
        guard let id else { throw FrameFault(reason: "a frame of type \(type) without an id") }
        return id
    }
}

/// What the fork server says.
enum ServerFrame: Equatable {
    case ready(pid: Int32)
    case spawned(id: Int, pid: Int32)
    case refused(id: Int, PluginFailure)
    case exited(pid: Int32, ProcessExit)
    case unknown(type: String)

    init(parsing bytes: [UInt8]) throws(FrameFault) {
        let frame = try parseFrame(bytes)
        let pid = frame["pid"]?.int.flatMap(Int32.init(exactly:))
        switch (frame["type"]?.string, frame["id"]?.int, pid) {
        case ("ready", _, let pid?): self = .ready(pid: pid)
        // 0 and 1 would aim a kill at ourselves or at the whole machine.
        case ("spawned", let id?, let pid?) where pid > 1: self = .spawned(id: id, pid: pid)
        case ("error", let id?, _): self = .refused(id: id, PluginFailure(json: frame["error"] ?? [:]))
        case ("exited", _, let pid?):
            let exit = ProcessExit(
                signal: frame["signal"]?.int.flatMap(Int32.init(exactly:)),
                exitCode: frame["code"]?.int.flatMap(Int32.init(exactly:)),
                peakMemoryBytes: frame["max_rss_bytes"]?.int,
                excess: frame["excess"]?.string.flatMap(ProcessExit.Excess.init))
            self = .exited(pid: pid, exit)
        case (let type, _, _): self = .unknown(type: type ?? "none")
        }
    }
}

private func parseFrame(_ bytes: [UInt8]) throws(FrameFault) -> JSONObject {
    do {
        // Deeper than any page or result needs, and far from the end of a thread's stack.
        guard let frame = try JSONValue(parsing: bytes, limits: JSONLimits(depth: 256, bytes: bytes.count)).object
        else {
            throw FrameFault(reason: "a frame that is not a JSON object")
        }
        return frame
    } catch let fault as FrameFault {
        throw fault
    } catch {
        throw FrameFault(reason: "a frame that is not JSON: \(error)")
    }
}

/// A log message of at most 8 KiB, a cut marked with what is missing.
func cut(_ text: String, to limit: Int = 8 << 10) -> String {
    let size = text.utf8.count
    guard size > limit else { return text }
    return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + " … (\(size - limit) more bytes)"
}

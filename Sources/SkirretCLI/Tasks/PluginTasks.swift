import API
import Catalog
import CeleryProtocol
import Foundation
import Logging
import PluginRuntime
import Skirret
import Synchronization

/// The tasks that run plugins: each becomes one call on the plugin's own process.
final class PluginTasks: Sendable {
    private let catalog: CatalogDatabase
    private let discovery: PluginDiscovery
    private let folder: PluginFolder
    private let host: PluginHost
    private let events: EventBus
    private let suspensions: PluginSuspensions
    private let signals: PluginSignals
    /// No plugin runs: calls fail and say so.
    private let isSafeMode: Bool
    /// Names of the tasks that plugins define, and whose they are; known once a plugin was described.
    private let defined = Mutex<[String: String]>([:])

    init(
        catalog: CatalogDatabase, discovery: PluginDiscovery, folder: PluginFolder, host: PluginHost, events: EventBus,
        suspensions: PluginSuspensions, signals: PluginSignals, isSafeMode: Bool
    ) {
        self.suspensions = suspensions
        self.signals = signals
        self.folder = folder
        self.isSafeMode = isSafeMode
        self.catalog = catalog
        self.discovery = discovery
        self.host = host
        self.events = events
    }

    var all: [RegisteredTask] {
        [
            runAction.registered, resolveResource.registered, describe.registered, stop.registered,
            installRequirements.registered,
        ]
    }

    private var runAction: TaskDefinition<JSONValue, String, String, JSONValue, JSONValue?> {
        TaskDefinition("skirret.plugins.run_action") {
            [self] (context: TaskContext, key: String, action: String, params: JSONValue, files: JSONValue?) in
            let (plugin, row) = try await enabled(key)
            let call = PluginCall.run(
                action: action, params: params, files: files?.object ?? [:], context: row.context)
            return try await run(call, on: plugin, context)
        }
    }

    private var resolveResource: TaskDefinition<JSONValue, String, String, JSONValue, Bool?> {
        TaskDefinition("skirret.plugins.resolve_resource") {
            [self] (context: TaskContext, key: String, resource: String, params: JSONValue, allowDisabled: Bool?) in
            let (plugin, row) = try await trusted(key)
            let call = PluginCall.resource(
                resource, params: params, allowDisabled: allowDisabled ?? false, context: row.context)
            return try await run(call, on: plugin, context)
        }
    }

    /// What the plugin's loaded code says of itself, and the tasks it defines.
    private var describe: TaskDefinition<JSONValue, String> {
        TaskDefinition("skirret.plugins.describe") { [self] (context: TaskContext, key: String) in
            let (plugin, _) = try await enabled(key)
            let description = try await run(.describe, on: plugin, context)
            let names = description["tasks"]?.array?.compactMap(\.string) ?? []
            defined.withLock { for name in names { $0[name] = key } }
            return description
        }
    }

    /// Stops a plugin wherever it runs.
    ///
    /// What plugins call; the API sends the signal itself.
    private var stop: TaskDefinition<Bool, String, String> {
        TaskDefinition("skirret.plugins.stop") { [self] (_: TaskContext, key: String, reason: String) in
            guard !isSafeMode else { return false }
            return try await signals.stop(key, reason: reason, within: .seconds(12)).ran
        }
    }

    /// Installs a plugin's own packages; then its process starts anew, with them.
    private var installRequirements: TaskDefinition<JSONValue, String> {
        let options = TaskOptions(
            timeLimit: .seconds(1800),
            singleFlight: .init(
                name: { args, _ in "plugin-requirements:\((args.first ?? .null).text)" },
                answer: { ["status": "running", "task_id": JSONValue($0)] }))
        return TaskDefinition("skirret.plugins.install_requirements", options: options) {
            [self] (context: TaskContext, key: String) in
            guard let plugin = try await folder.find(key) else {
                throw TaskFailure.builtin("ValueError", "Plugin '\(key)' not found")
            }
            do throws(PluginError) {
                try await discovery.installRequirements(of: plugin) { percent, message in
                    context.keep(level: .info, source: "pip", message: message)
                    await context.progress(percent, message)
                    await tell("installing", percent, message, of: key, context)
                }
            } catch {
                await tell("failed", 100, error.message, of: key, context)
                throw error.asTaskError
            }
            await tell("ready", 100, "The packages are installed.", of: key, context)
            try await signals.look()
            return ["status": "ok", "message": "The packages of \(plugin.name) are installed."]
        }
    }

    /// How far an installation is, for everybody who looks at the plugin's card.
    private func tell(
        _ state: String, _ percent: Double, _ message: String, of key: String, _ context: TaskContext
    ) async {
        await publish([
            "type": "plugin_requirements", "plugin": .string(key), "state": .string(state),
            "percent": .double(percent), "message": .string(message), "task_id": JSONValue(context.id),
        ])
    }

    /// A task that a plugin defines with `@shared_task`, found by its name; nil for any other name.
    func task(named name: String) -> RegisteredTask? {
        guard let key = owner(of: name) else { return nil }
        return RegisteredTask(name: name) { [self] context, args, kwargs in
            let (plugin, _) = try await enabled(key)
            return try await run(.task(name: name, args: args, kwargs: kwargs), on: plugin, context)
        }
    }

    /// Learns which tasks plugins define, from what was said of them in other processes, or before this one began.
    func learn(_ owners: [String: String]) {
        defined.withLock { $0.merge(owners) { _, new in new } }
    }

    /// A bare `@shared_task` carries its plugin's module name; others are known from the plugin's description.
    private func owner(of name: String) -> String? {
        let prefix = "_dispatcharr_plugin_"
        guard name.hasPrefix(prefix), let dot = name.firstIndex(of: ".") else { return defined.withLock { $0[name] } }
        return String(name[..<dot].dropFirst(prefix.count))
    }

    // MARK: calls

    private func run(_ call: PluginCall, on plugin: PluginIdentity, _ context: TaskContext) async throws -> JSONValue {
        do {
            let deadline = context.deadline.map { $0 - .now } ?? .seconds(60)
            return try await host.call(call, on: plugin, taskID: context.id.rawValue, deadline: deadline) {
                [self] event in await tell(event, of: plugin.key, context)
            }
        } catch let error {
            throw error.asTaskError
        }
    }

    /// What a plugin says, to where it belongs.
    ///
    /// Who said it is stamped here: no plugin can speak for another.
    func tell(_ event: PluginEvent, of key: String, _ context: TaskContext?) async {
        switch event {
        case .log(let level, let logger, let message, _): context?.keep(level: level, source: logger, message: message)
        case .output(let stream, let line): context?.keep(level: .info, source: stream.rawValue, message: line)
        case .progress(let percent, let message): await context?.progress(percent, message)
        case .event(let name, let payload, let success):
            var data: JSONObject = [
                "type": "plugin_event", "plugin": .string(key), "event": .string(name), "success": .bool(success),
                "payload": payload,
            ]
            if let notification = payload["notification"] { data["notification"] = notification }
            await publish(data)
        case .update(let update): await publish(update.object ?? [:])
        case .suspended(let until, let reason):
            // The card says it a little later or not at all; the plugin rests all the same.
            try? await suspensions.suspend(key, until: until, reason: reason)
            await publish(["type": "plugin_suspended", "plugin": .string(key), "reason": .string(reason)])
        }
    }

    private func publish(_ data: JSONObject) async {
        // Live events are at most once when the broker is away; the call itself must not fail for it.
        try? await events.publish(data)
    }

    // MARK: which plugin

    private func enabled(_ key: String) async throws -> (PluginIdentity, PluginRow) {
        let (plugin, row) = try await trusted(key)
        guard row.isEnabled else {
            throw TaskFailure.builtin("PermissionError", "Plugin '\(key)' is disabled")
        }
        return (plugin, row)
    }

    private func found(_ key: String, known: PluginDescription?) async throws -> PluginDescription? {
        if let known { return known }
        return try await folder.find(key)
    }

    /// A plugin whose code may be loaded: somebody has enabled it, once at least.
    private func trusted(_ key: String) async throws -> (PluginIdentity, PluginRow) {
        guard !isSafeMode else { throw TaskFailure.safeMode(key) }
        // Row and files side by side, except for a plugin that was never seen: that one costs a start of Python.
        async let known = folder.findKnown(key)
        guard let row = try await catalog.plugins.find(key), let found = try await found(key, known: known) else {
            throw TaskFailure.builtin("ValueError", "Plugin '\(key)' not found")
        }
        guard row.isEnabled || row.wasEverEnabled else {
            throw TaskFailure.builtin("PermissionError", "Plugin '\(key)' is disabled")
        }
        return (found.identity, row)
    }
}

extension PluginRow {
    /// What a call tells the plugin of itself.
    var context: PluginContext {
        PluginContext(
            settings: settings, name: name, version: version, description: description, isEnabled: isEnabled)
    }
}

extension PluginError {
    /// What the task ends with: a failure, or a crash that sends the message back to its queue.
    var asTaskError: any Error {
        if let failure {
            return TaskFailure(
                excType: failure.type, excMessage: failure.args.isEmpty ? [.string(failure.message)] : failure.args,
                excModule: failure.module, traceback: failure.traceback)
        }
        // Nobody's answer is lost for a process that died or would not start: the message goes back to its queue.
        if mayBeRepeated { return TaskHostCrash(reason: ([description] + details).joined(separator: "\n")) }
        switch code {
        case .cancelled: return CancellationError()
        default:
            return TaskFailure(
                excType: "PluginError", excMessage: [.string(description), .string(code.rawValue)],
                excModule: "skirret.plugins",
                traceback: details.isEmpty ? nil : details.joined(separator: "\n"))
        }
    }
}

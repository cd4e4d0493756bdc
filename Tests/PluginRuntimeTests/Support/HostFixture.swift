import CeleryProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import PluginRuntime

/// A plugins folder in a temporary place, and a running host on it.
struct HostFixture: Sendable {
    let environment: PythonEnvironment
    let host: PluginHost
    /// What plugins said outside any call.
    let background: AsyncStream<(plugin: PluginIdentity, event: PluginEvent)>

    /// An interpreter with Django and Celery: `SKIRRET_PYTHON`, else the checkout's `.venv`.
    ///
    /// nil, with a printed reason, when neither is there.
    static let python: String? = {
        let candidates = [
            ProcessInfo.processInfo.environment["SKIRRET_PYTHON"],
            packageRoot.map { $0.appendingPathComponent(".venv/bin/python").path },
        ].compactMap { $0 }
        if let found = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) { return found }
        print("SKIPPED: no Python at \(candidates.joined(separator: " or ")). deploy/test makes .venv.")
        return nil
    }()

    private static let packageRoot: URL? = {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
                return folder
            }
        }
        return nil
    }()

    /// Runs `body` with a host whose plugins are `plugins`: key to the text of `plugin.py`.
    static func withHost(
        _ plugins: [String: String], options: PluginHostOptions = .init(),
        _ body: @Sendable (HostFixture) async throws -> Void
    ) async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("skirret-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }  // a leftover in /tmp is no test failure
        let environment = PythonEnvironment(
            executable: try #require(python), pluginsDirectory: root.appendingPathComponent("plugins").path,
            database: root.appendingPathComponent("skirret.db").path, brokerURL: "redis://127.0.0.1:1/0",
            dataDirectory: root.appendingPathComponent("data").path)
        for (key, source) in plugins { try write(source, to: key, environment) }

        var logger = Logger(label: "test")
        logger.logLevel = .warning
        let (stream, continuation) = AsyncStream<(plugin: PluginIdentity, event: PluginEvent)>.makeStream()
        let host = PluginHost(
            environment, options: options, logger: logger,
            background: { plugin, event in _ = continuation.yield((plugin, event)) })
        let fixture = HostFixture(environment: environment, host: host, background: stream)
        do {
            // Leaving the scope cancels the host and waits until it has ended.
            async let _ = host.run()
            try await body(fixture)
        }
        #expect(host.processes.isEmpty, "a stopped host has no processes")
    }

    static func write(_ source: String, to key: String, _ environment: PythonEnvironment) throws {
        let folder = environment.pluginsDirectory + "/" + key
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try source.write(toFile: folder + "/plugin.py", atomically: true, encoding: .utf8)
    }

    /// Replaces a plugin's code.
    func write(_ source: String, to key: String) throws {
        try Self.write(source, to: key, environment)
    }

    /// The plugin as discovery finds it now.
    func identity(_ key: String) async throws -> PluginIdentity {
        let found = try await PluginDiscovery(environment).scan()
        return try #require(found.first { $0.key == key }, "found only \(found.map(\.key))").identity
    }

    /// Runs an action and keeps what it told.
    func run(
        _ action: String, _ params: JSONValue = [:], on plugin: PluginIdentity, settings: JSONObject = [:],
        deadline: Duration = .seconds(30), grace: Duration = .milliseconds(500), told: Told = Told()
    ) async throws(PluginError) -> JSONValue {
        defer { told.end() }
        return try await host.call(
            .run(action: action, params: params, files: [:], context: PluginContext(settings: settings)), on: plugin,
            taskID: "task-1", deadline: deadline, grace: grace
        ) { event in
            told.append(event)
        }
    }

    /// The error of an action that must fail.
    func failure(
        _ action: String, _ params: JSONValue = [:], on plugin: PluginIdentity, deadline: Duration = .seconds(30),
        grace: Duration = .milliseconds(500)
    ) async -> PluginError? {
        do throws(PluginError) {
            let answer = try await run(action, params, on: plugin, deadline: deadline, grace: grace)
            Issue.record("\(action) answered \(answer)")
            return nil
        } catch {
            return error
        }
    }
}

/// What a call told, and a way to wait for a thing it tells.
final class Told: Sendable {
    private struct State {
        var events: [PluginEvent] = []
        var isOver = false
        var waiting: [(matches: @Sendable (PluginEvent) -> Bool, CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())

    var events: [PluginEvent] { state.withLock { $0.events } }

    func append(_ event: PluginEvent) {
        state.withLock { state in
            state.events.append(event)
            for (_, waiter) in state.waiting.filter({ $0.matches(event) }) { waiter.resume() }
            state.waiting.removeAll { $0.matches(event) }
        }
    }

    /// The call is over: nothing more will be told.
    func end() {
        state.withLock { state in
            state.isOver = true
            for (_, waiter) in state.waiting { waiter.resume() }
            state.waiting = []
        }
    }

    /// Returns once an event like that was told, or the call is over.
    func wait(for matches: @escaping @Sendable (PluginEvent) -> Bool) async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if state.isOver || state.events.contains(where: matches) {
                    continuation.resume()
                } else {
                    state.waiting.append((matches, continuation))
                }
            }
        }
    }

    /// Returns once the plugin emitted the event of that name.
    func wait(forEvent name: String) async {
        await wait { if case .event(name, _, _) = $0 { true } else { false } }
    }
}

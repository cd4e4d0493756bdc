import API
import Catalog
import CeleryProtocol
import Logging
import PluginRuntime

/// Looks after the plugins' processes of one worker: those that must run do, those that must not have said goodbye.
///
/// A plugin is stopped by a signal that every worker hears. Whoever missed it, because Redis was away, learns the same
/// by looking at what is switched on. Plugins with leader hooks run in every worker, so that one of them can lead.
struct PluginCare: Sendable {
    let catalog: CatalogDatabase
    let folder: PluginFolder
    let host: PluginHost
    let suspensions: PluginSuspensions
    let signals: PluginSignals
    let tell: @Sendable (PluginEvent, _ plugin: String) async -> Void
    let descriptions: PluginDescriptions
    /// Told of the tasks that plugins define, and whose each is.
    let learn: @Sendable ([String: String]) -> Void
    let logger: Logger

    /// How often it looks without having been told to: for processes that crashed.
    private static let pause = Duration.seconds(10)
    /// What a plugin has for its farewell; for a process that ends, less.
    private static let farewell = Duration.seconds(10)
    private static let lastFarewell = Duration.seconds(3)

    /// Hears signals and looks, until cancelled.
    func run() async {
        // One look at a time, however many signals come.
        let (looks, wish) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        // Beside it: what a plugin's code does when it is loaded may take its time.
        let (gaps, doubt) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                var seen: Set<String> = []
                for await _ in looks { await look(&seen) }
            }
            group.addTask { for await _ in gaps { await describeUnknown() } }
            group.addTask {
                while !Task.isCancelled {
                    wish.yield()
                    doubt.yield()
                    do { try await ContinuousClock().sleep(for: Self.pause) } catch { break }
                }
                wish.finish()
                doubt.finish()
            }
            do {
                try await signals.listen { signal in
                    switch signal {
                    case .look:
                        wish.yield()
                        doubt.yield()
                        group.addTask { await recall() }
                    case .stop(let plugin, let reason, let reply):
                        // Beside the others: a slow farewell holds up nobody else's.
                        group.addTask {
                            let ran = await stop(plugin, reason: reason)
                            // A sender that hears nothing waits no longer than it said.
                            try? await signals.done(reply, ran: ran)
                        }
                    }
                }
            } catch {
                if !Task.isCancelled {
                    logger.error("signals to plugins are not heard", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Lets every plugin that runs here say goodbye, because this process ends.
    func stopAll() async {
        await withDiscardingTaskGroup { group in
            for process in host.processes where process.takesCalls {
                group.addTask { await say(goodbye: "shutdown", to: process.plugin, within: Self.lastFarewell) }
            }
        }
    }

    /// A task whose name nobody knows here waits, so that nothing is lost when this fails.
    private func recall() async {
        do {
            learn(try await descriptions.tasks())
        } catch {
            logger.info("tasks of plugins are not known yet", metadata: ["error": "\(error)"])
        }
    }

    /// Stops a plugin if it runs here; whether it did.
    private func stop(_ key: String, reason: String) async -> Bool {
        let running = host.processes.filter { $0.plugin.key == key && $0.takesCalls }
        for process in running { await say(goodbye: reason, to: process.plugin, within: Self.farewell) }
        // Whoever reloads a plugin has mended it, or wants to see it fail again.
        host.resume(key)
        // It would only be shown a little longer as resting.
        try? await suspensions.lift(key)
        return !running.isEmpty
    }

    private func say(goodbye reason: String, to plugin: PluginIdentity, within deadline: Duration) async {
        // Without its row, or the database, it gets what it has without any settings.
        let row = try? await catalog.plugins.find(plugin.key)
        await host.stop(plugin, reason: reason, context: row?.context ?? PluginContext(), deadline: deadline) { event in
            await tell(event, plugin.key)
        }
    }

    /// Stops what was switched off unheard, and starts what may have to lead.
    ///
    /// - Parameter seen: Those that ran here while they were switched on. Others run for a page that may be asked for data
    ///   of a plugin that is switched off; there is nothing of them to stop.
    private func look(_ seen: inout Set<String>) async {
        do {
            let rows = try await catalog.plugins.all()
            let enabled = Set(rows.filter(\.isEnabled).map(\.key))
            let running = host.processes.filter(\.takesCalls)
            seen.formUnion(enabled.intersection(running.map(\.plugin.key)))
            for process in running where process.calls == 0 && !enabled.contains(process.plugin.key) {
                let key = process.plugin.key
                guard seen.remove(key) != nil else { continue }
                let reason = rows.contains { $0.key == key } ? "disable" : "delete"
                await say(goodbye: reason, to: process.plugin, within: Self.farewell)
            }
            seen.formIntersection(running.map(\.plugin.key))
            for key in enabled.sorted() {
                guard let found = try await folder.find(key), !found.hooks.isEmpty, found.loadError == nil,
                    !host.processes.contains(where: { $0.plugin == found.identity && $0.takesCalls })
                else { continue }
                await start(found)
            }
        } catch {
            if !Task.isCancelled { logger.info("plugins were not looked after", metadata: ["error": "\(error)"]) }
        }
    }

    /// Asks plugins what they are of which Redis knows nothing: it was emptied, and with it went the names of their tasks.
    ///
    private func describeUnknown() async {
        do {
            let enabled = try await catalog.plugins.all().filter(\.isEnabled).map(\.key)
            for key in try await descriptions.missing(among: Set(enabled)).sorted() {
                guard let found = try await folder.find(key), found.loadError == nil,
                    try await descriptions.begin(key)
                else { continue }
                switch await answer(of: found) {
                case .success(let said):
                    try await descriptions.keep(said, of: key, fingerprint: found.fingerprint)
                    try await signals.look()
                case .failure(let error):
                    // Its own fault is worth knowing; for anything else it is asked again.
                    guard error.failure != nil, let failure = error.asTaskError as? TaskFailure else { continue }
                    try await descriptions.keep(failure, of: key, fingerprint: found.fingerprint)
                }
            }
        } catch {
            if !Task.isCancelled {
                logger.info("tasks of plugins are not known yet", metadata: ["error": "\(error)"])
            }
        }
    }

    private func answer(of plugin: PluginDescription) async -> Result<JSONValue, PluginError> {
        do throws(PluginError) {
            let identity = plugin.identity, patience = PluginDescriptions.patience
            let said = try await host.call(.describe, on: identity, deadline: patience) { event in
                await tell(event, plugin.key)
            }
            return .success(said)
        } catch {
            return .failure(error)
        }
    }

    /// Starts the process of a plugin that may have to lead; its part in that begins once its code is loaded.
    private func start(_ plugin: PluginDescription) async {
        do {
            _ = try await host.call(.describe, on: plugin.identity, deadline: .seconds(30)) { event in
                await tell(event, plugin.key)
            }
        } catch {
            logger.info(
                "a plugin with leader hooks does not run here",
                metadata: ["plugin": "\(plugin.key)", "error": "\(error)"])
        }
    }
}

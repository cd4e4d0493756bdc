import CeleryProtocol
import Foundation
import NIOCore
import NIOPosix

extension PluginDiscovery {
    /// Installs what a plugin's `requirements.txt` asks for into the plugin's own folder of packages.
    ///
    /// Done by `skirret_host.requirements` with pip: wheels only, and nothing of the plugin runs. Several at once wait
    /// for each other, and cancelling leaves nothing half done.
    ///
    /// - Parameters:
    ///   - plugin: whose packages.
    ///   - told: how far it is, in percent, and what is being done.
    /// - Throws: ``PluginError/Code/requirementsFailed`` with pip's reason, ``PluginError/Code/unavailable`` without Python.
    public func installRequirements(
        of plugin: PluginDescription, told: @Sendable (_ percent: Double, _ message: String) async -> Void
    ) async throws(PluginError) {
        let (lines, feed) = AsyncStream<[UInt8]>.makeStream(bufferingPolicy: .bufferingNewest(1000))
        let errors = RecentLinesBox()
        let process: ChildProcess
        do {
            process = try await start(plugin, lines: feed, errors: errors)
        } catch {
            throw error as? PluginError ?? Self.failed(plugin, "\(error).")
        }
        let outcome = await withTaskCancellationHandler {
            var outcome: JSONObject?
            for await line in lines {
                // try?: what is no JSON is not for us; the last line decides.
                guard let said = (try? JSONValue(parsing: line))?.object else { continue }
                if said["ok"] != nil { outcome = said }
                if let percent = said["percent"]?.double { await told(percent, said["message"]?.string ?? "") }
            }
            return outcome
        } onCancel: {
            process.kill()
        }
        // The future comes from a reaped process and never fails.
        _ = try? await process.exit.get()
        guard outcome?["ok"]?.bool == true else {
            let reason = outcome?["error"]?.string ?? (Task.isCancelled ? "It was cancelled." : "pip did not end well.")
            throw Self.failed(plugin, reason, errors.text)
        }
    }

    private func start(
        _ plugin: PluginDescription, lines: AsyncStream<[UInt8]>.Continuation, errors: RecentLinesBox
    ) async throws -> ChildProcess {
        let loop = eventLoopGroup.next()
        let out = try await CapturedPipe.lines(on: loop) { kept, _ in lines.yield(kept) }
        defer { closeDescriptor(out.writeEnd) }
        out.channel.closeFuture.whenComplete { _ in lines.finish() }
        let err = try await CapturedPipe.lines(on: loop) { kept, _ in errors.append(kept) }
        defer { closeDescriptor(err.writeEnd) }
        var environment = environment
        environment.addedVariables.merge(Self.networkVariables) { own, _ in own }
        return try await NIOThreadPool.singleton.runIfActive { [environment] in
            try environment.start(
                module: "skirret_host.requirements", arguments: [plugin.path],
                descriptors: [-1, out.writeEnd, err.writeEnd], on: loop)
        }
    }

    /// What tells pip its way to the package index; the other processes of the host do not need it.
    private static var networkVariables: [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            name.hasPrefix("PIP_")
                || ["http_proxy", "https_proxy", "no_proxy", "all_proxy", "ssl_cert_file", "requests_ca_bundle"]
                    .contains(name.lowercased())
        }
    }

    private static func failed(_ plugin: PluginDescription, _ reason: String, _ lines: [String] = []) -> PluginError {
        PluginError(
            .requirementsFailed, plugin: plugin.key,
            message: "The packages of plugin \"\(plugin.key)\" could not be installed: \(reason)",
            hint: "Mend its requirements.txt, or the way to the package index, and install them again.", details: lines)
    }
}

import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Logging
import Skirret

/// The data folder, the streams' identities, and what beat asks for.
extension DispatcharrTasks {
    var housekeepingTasks: [RegisteredTask] {
        [periodic.registered, scan.registered, rehash.registered]
    }

    private var periodic: TaskDefinition<String> {
        TaskDefinition("core.tasks.beat_periodic_task") { (context: TaskContext) in try await scanFiles(context) }
    }

    private var scan: TaskDefinition<String> {
        let options = TaskOptions(
            singleFlight: .init(
                name: { _, _ in "scan-files" }, answer: { _ in "Scan already in progress" }))
        return TaskDefinition("core.tasks.scan_and_process_files", options: options) { (context: TaskContext) in
            try await scanFiles(context)
        }
    }

    private func scanFiles(_ context: TaskContext) async throws -> String {
        var taken = 0
        for kind in [DroppedFile.Kind.playlist, .guide] {
            for file in DroppedFile.found(kind, in: data) where try await take(file, context) { taken += 1 }
        }
        let logos = try await catalog.takeLogos(DroppedFile.found(.logo, in: data))
        if logos > 0 {
            await tell("logo_processing_summary", ["message": .string("\(logos) new logo(s) added")])
        }
        return "\(taken) file(s) and \(logos) logo(s) taken in."
    }

    /// Whether it was new, or had changed.
    private func take(_ file: DroppedFile, _ context: TaskContext) async throws -> Bool {
        if try await !catalog.knows(file) {
            do {
                switch file.kind {
                case .playlist:
                    _ = try await catalog.m3uAccounts.create(M3UAccountDraft(name: file.name, filePath: file.path))
                default: _ = try await catalog.epgSources.create(EPGSourceDraft(name: file.name, filePath: file.path))
                }
            } catch let error as CatalogError {
                // One file's trouble is its own; the next scan tries again.
                context.logger.warning(
                    "a file was not taken in", metadata: ["file": "\(file.path)", "error": "\(error)"])
                return false
            }
        }
        let settings = try await catalog.settings.values(of: .system)
        guard settings["auto_import_mapped_files"]?.bool ?? true, let id = try await catalog.take(file) else {
            return false
        }
        switch file.kind {
        case .playlist:
            try await queue.send("apps.m3u.tasks.refresh_single_m3u_account", args: [.int(id)])
            await tell("m3u_file", ["filename": .string(file.name)])
        default:
            try await queue.send("apps.epg.tasks.refresh_epg_data", args: [.int(id)])
            await tell("epg_file", ["filename": .string(file.name)])
        }
        return true
    }

    /// `keys` is a list, or one text with commas.
    private var rehash: TaskDefinition<String, JSONValue> {
        TaskDefinition("core.tasks.rehash_streams", parameters: ["keys"]) { (context: TaskContext, keys: JSONValue) in
            let names = keys.array?.compactMap(\.string) ?? keys.string?.split(separator: ",").map(String.init) ?? []
            let known = Set(StreamIdentity.Key.allCases.map(\.rawValue))
            let unknown = names.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !known.contains($0) }
            guard !names.isEmpty, unknown.isEmpty else {
                throw TaskFailure.builtin(
                    "ValueError",
                    "keys: expected some of \(known.sorted().joined(separator: ", ")), got \(keys.text.prefix(80)). "
                        + "With none every stream would be the same one.")
            }
            let accounts = try await catalog.m3uAccounts.all().filter { !$0.isLocked }
            for account in accounts {
                guard let other = try await context.reserve("m3u:\(account.id)") else { continue }
                let message = "Stream rehash blocked: account \(account.draft.name) is being refreshed, as \(other)."
                await tell("stream_rehash", ["success": false, "action": "blocked", "message": .string(message)])
                return message
            }
            let identity = StreamIdentity(setting: names.joined(separator: ","))
            await tell("stream_rehash", ["action": "starting", "progress": 0, "message": "Rehashing streams..."])
            let counts = try await telling("stream_rehash") { say in
                try await catalog.rehashStreams { facts in
                    identity.hash(
                        name: facts.name, url: facts.url, tvgID: facts.tvgID, group: facts.group,
                        account: facts.accountID, streamID: facts.isXtream ? facts.streamID : nil)
                } progress: { done, total in
                    say([
                        "action": "processing", "processed": .int(done), "duplicates_merged": 0,
                        "progress": .int(total > 0 ? 100 * done / total : 0),
                        "message": .string("Processed \(done) of \(total) streams"),
                    ])
                }
            }
            let message = "Rehashed \(counts.processed) streams; \(counts.merged) duplicates merged."
            await tell(
                "stream_rehash",
                [
                    "success": true, "action": "completed", "progress": 100, "message": .string(message),
                    "total_processed": .int(counts.processed), "duplicates_merged": .int(counts.merged),
                    "final_count": .int(counts.remaining),
                ])
            return message
        }
    }
}

import ArgumentParser
import Catalog
import CeleryProtocol
import Foundation
import Skirret

/// `skirret refresh`.
struct RefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "Refresh playlists and guides, and wait until they are done.",
        discussion: """
            The work is done by a worker; this command asks for it, shows how far it is, and ends with 1 when a source
            could not be refreshed. A source that is being refreshed already is waited for. What a source had stays
            until all of its new file is there.

            EXAMPLES
              skirret refresh m3u all
              skirret refresh m3u "My provider"
              skirret refresh epg 3 --force                 even when the file has not changed
              skirret refresh epg all --json --timeout 600
              skirret refresh m3u 2 --no-wait               prints the task's id
            """)

    @OptionGroup var common: CommonFlags

    @Argument(help: "m3u for playlists, epg for guides.")
    var kind: SourceKind

    @Argument(help: "Its id or its name; all for every active one.")
    var source: String

    @Flag(help: "Read the file again even when the server says that it has not changed.")
    var force = false

    @Flag(inversion: .prefixedNo, help: "Wait for the end.")
    var wait = true

    @Option(help: "Seconds to wait.")
    var timeout: Double = 3600

    @Flag(help: "Print one JSON object for each source.")
    var json = false

    func run() async throws {
        let settings = try await common.load(isQuiet: true)
        guard FileManager.default.fileExists(atPath: settings.databasePath) else {
            throw ValidationError(
                "There is no database at \(settings.databasePath). Name its folder with --data-dir, or start "
                    + "'skirret serve' once.")
        }
        let catalog = try await CatalogDatabase(path: settings.databasePath, checksIntegrity: false)
        let queue = settings.taskQueue("skirret-refresh")
        let outcome: Result<Bool, any Error>
        do { outcome = .success(try await refresh(catalog, queue)) } catch { outcome = .failure(error) }
        await queue.close()
        // try?: how the refreshes ended is what matters now.
        try? await catalog.close()
        guard try outcome.get() else { throw ExitCode(1) }
    }

    /// Whether all went well.
    private func refresh(_ catalog: CatalogDatabase, _ queue: TaskQueue) async throws -> Bool {
        let book = SourceBook(kind: kind, catalog: catalog)
        var started: [(source: SourceRow, task: TaskID)] = []
        for source in try await book.sources(self.source) {
            if force { try await book.forgetFile(of: source.id) }
            let node = try await queue.send(Signature(task: kind.task, args: [.int(source.id)]))
            started.append((source, TaskID(rawValue: node.id)))
        }
        guard wait else {
            for (source, task) in started {
                if json {
                    Output.json(["id": .int(source.id), "name": .string(source.name), "task": .string(task.rawValue)])
                } else {
                    Output.line(task.rawValue)
                }
            }
            return true
        }
        let watch = RefreshWatch(queue: queue, book: book, limit: .seconds(timeout))
        let ends = try await watch.follow(started)
        if json {
            for end in ends { Output.json(Self.json(end)) }
        } else {
            for end in ends {
                Output.line(
                    "\(end.isSuccess ? "ok    " : "failed") \(end.source.name): \(end.message) "
                        + String(format: "(%.1f s)", end.seconds))
            }
        }
        return ends.allSatisfy(\.isSuccess)
    }

    private static func json(_ end: RefreshWatch.End) -> JSONValue {
        [
            "id": .int(end.source.id), "name": .string(end.source.name), "task": .string(end.task.rawValue),
            "ok": .bool(end.isSuccess), "seconds": .double((end.seconds * 10).rounded() / 10),
            "message": .string(end.message),
        ]
    }
}

import ArgumentParser
import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Logging
import Synchronization

/// One measured piece of `skirret bench ingest`, in a process of its own, so that its memory is its own.
struct IngestStep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ingest-step", shouldDisplay: false)

    enum Kind: String, ExpressibleByArgument {
        case parsePlaylist, parseGuide, playlist, guide, playlistFloor, guideFloor, scan
    }

    @Argument var kind: Kind
    @Argument var file: String
    @Argument var database: String
    @Option var source = ""
    @Flag var forgets = false

    func run() async throws {
        LoggingSystem.bootstrap { LineLogHandler(label: $0, level: .warning) }
        let idle = Self.peakKiB
        switch kind {
        case .playlistFloor: return try await floor("dispatcharr_channels_stream")
        case .guideFloor: return try await floor("epg_programdata")
        default: break
        }
        let needsStore = kind == .playlist || kind == .guide
        let catalog = needsStore ? try await CatalogDatabase(path: database, checksIntegrity: false) : nil
        let id = try await prepare(catalog)
        let open = max(idle, Self.peakKiB)
        let (wall, cpu) = (ContinuousClock.now, clock())
        let rows = try await work(catalog, id)
        let took = wall.duration(to: .now) / .seconds(1)
        tell(took, Double(clock() - cpu) / Double(CLOCKS_PER_SEC), rows, max(0, Self.peakKiB - open))
    }

    private func tell(_ wall: Double, _ cpu: Double, _ rows: Int, _ kib: Int) {
        Output.json(["wall": .double(wall), "cpu": .double(cpu), "rows": .int(rows), "kib": .int(kib)])
    }

    private func floor(_ table: String) async throws {
        let made = try await CatalogDatabase(path: database, checksIntegrity: false)
        try await made.close()
        let (wall, cpu, rows) = try await InsertFloor.seconds(table: table, from: source, into: database)
        tell(wall, cpu, rows, 0)
    }

    /// The source that is refreshed; every channel of a guide that is there already is mapped.
    private func prepare(_ catalog: CatalogDatabase?) async throws -> Int {
        guard let catalog else { return 0 }
        if kind == .playlist {
            let known = try await catalog.m3uAccounts.all().first { $0.draft.name == "Bench" }
            let account: M3UAccount
            if let known {
                let path = file
                account = try await catalog.m3uAccounts.update(known.id) { $0.filePath = path }
            } else {
                account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "Bench", filePath: file))
            }
            if forgets { try await catalog.m3uAccounts.forgetFile(of: account.id) }
            return account.id
        }
        let known = try await catalog.epgSources.all().first { $0.draft.name == "Bench" }
        let guide: EPGSource
        if let known {
            let path = file
            guide = try await catalog.epgSources.update(known.id) { $0.filePath = path }
        } else {
            guide = try await catalog.epgSources.create(EPGSourceDraft(name: "Bench", filePath: file))
        }
        if forgets { try await catalog.epgSources.forgetFile(of: guide.id) }
        return guide.id
    }

    private func work(_ catalog: CatalogDatabase?, _ id: Int) async throws -> Int {
        let count = Mutex(0)
        switch kind {
        case .playlist:
            guard let catalog else { return 0 }
            let refresh = PlaylistRefresh(store: CatalogPlaylists(catalog: catalog), logger: Logger(label: "bench"))
            return try await refresh.run(account: id) { _ in }.processed
        case .guide:
            guard let catalog else { return 0 }
            let refresh = Ingest.GuideRefresh(store: CatalogGuides(catalog: catalog), logger: Logger(label: "bench"))
            return try await refresh.run(source: id) { _ in }.programmes
        case .parsePlaylist:
            let parser = Mutex(PlaylistParser())
            try await read { bytes in
                // A copy, because the lock lets in only what nobody else can reach.
                let piece = Array(bytes)
                let found = parser.withLock { parser in
                    var found = 0
                    parser.parse(piece) { _ in found += 1 }
                    return found
                }
                count.withLock { $0 += found }
            }
            let rest = parser.withLock { parser in
                var found = 0
                parser.finish { _ in found += 1 }
                return found
            }
            count.withLock { $0 += rest }
        case .parseGuide:
            // The download hands over one piece after another.
            nonisolated(unsafe) let parser = try GuideParser()
            try await read { bytes in
                var found = 0
                try parser.parse(bytes) { _ in found += 1 }
                count.withLock { [found] in $0 += found }
            }
            var rest = 0
            try parser.finish { _ in rest += 1 }
            count.withLock { [rest] in $0 += rest }
        default:
            try await read { bytes in
                let lines = bytes.reduce(into: 0) { if $1 == 0x0A { $0 += 1 } }
                count.withLock { $0 += lines }
            }
        }
        return count.withLock { $0 }
    }

    private func read(_ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void) async throws {
        try await Download().read(.file(file), body)
    }

    /// The most memory that this process has had.
    private static var peakKiB: Int {
        // No Linux, no figure.
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).compactMap { Int($0) }.first ?? 0
    }
}

import Catalog
import CeleryProtocol
import Foundation

/// Measures refreshes: ours, Python's, and what SQLite and the bytes alone cost.
struct IngestBench {
    struct Plan {
        var entries = 200_000
        var programmes = 250_000
        var channels = 2_000
        /// A Python with django and lxml; nil leaves the peer out.
        var python: String?
        /// Files instead of generated ones.
        var playlist: String?
        var guide: String?
    }

    /// What one step cost.
    struct Cost {
        var wall = Double.nan
        var cpu = Double.nan
        var rows = 0
        /// Over what the process had before.
        var mebibytes = Double.nan
    }

    /// One line of the table.
    struct Line {
        var what: String
        var ours: Cost
        var python: Cost?
        /// The least that SQLite and reading the bytes take.
        var floor: Cost?
        var bytes: Int?

        static let header = [
            "WHAT", "WALL s", "CPU s", "ROWS/s", "MB/s", "PEAK MiB", "PYTHON s", "MiB", "TIMES", "FLOOR s", "RATIO",
        ]

        var row: [String] {
            func text(_ value: Double?, _ digits: Int = 2) -> String {
                value.map { $0.isFinite ? String(format: "%.\(digits)f", $0) : "-" } ?? "-"
            }
            return [
                what, text(ours.wall), text(ours.cpu), ours.rows > 0 ? text(Double(ours.rows) / ours.wall, 0) : "-",
                text(bytes.map { Double($0) / 1e6 / ours.wall }, 0), text(ours.mebibytes, 1), text(python?.wall),
                text(python?.mebibytes, 0), text(python.map { $0.wall / ours.wall }, 1), text(floor?.wall),
                text(floor.map { ours.wall / $0.wall }),
            ]
        }

        var json: JSONValue {
            func cost(_ cost: Cost?) -> JSONValue {
                guard let cost else { return .null }
                return [
                    "wall": .double(cost.wall), "cpu": .double(cost.cpu), "rows": .int(cost.rows),
                    "peak_mib": cost.mebibytes.isFinite ? .double(cost.mebibytes) : .null,
                ]
            }
            return [
                "what": .string(what), "ours": cost(ours), "python": cost(python), "floor": cost(floor),
                "bytes": bytes.map { .int($0) } ?? .null, "bars": .array(bars.map(\.json)),
            ]
        }
    }

    let plan: Plan
    let folder: URL
    let tell: (String) -> Void

    func playlists() async throws -> [Line] {
        let (new, changed) = (path("list.m3u"), path("changed.m3u"))
        tell("making a playlist")
        if let given = plan.playlist {
            try FileManager.default.copyItem(atPath: given, toPath: new)
        } else {
            try SampleFeeds.writePlaylist(entries: plan.entries, to: new)
            try SampleFeeds.writePlaylist(entries: plan.entries, changed: 10, to: changed)
        }
        let bytes = size(new)
        let ours = path("ours.db")
        let parsing = try await step(.parsePlaylist, new, ours)
        var lines = [Line(what: "playlist, parsing alone", ours: parsing, bytes: bytes)]
        let scan = try await step(.scan, new, ours)
        let python = path("python.db")
        let account = try await makePlaylistPeer(python)
        func peer(_ file: String) async throws -> Cost? { try await self.peer("playlist", file, python, account) }

        var line = Line(what: "playlist, all new", ours: try await step(.playlist, new, ours), bytes: bytes)
        line.python = try await peer(new)
        line.floor = try await step(.playlistFloor, new, path("floor.db"), source: ours) + scan
        lines.append(line)
        line = Line(what: "playlist, unchanged, compared", ours: try await step(.playlist, new, ours, forgets: true))
        line.bytes = bytes
        line.python = try await peer(new)
        lines.append(line)
        try touch(new)
        line.what = "playlist, unchanged, another date"
        line.ours = try await step(.playlist, new, ours)
        lines.append(line)
        line.what = "playlist, unchanged, same version"
        line.ours = try await step(.playlist, new, ours)
        line.bytes = nil
        lines.append(line)
        guard plan.playlist == nil else { return lines }
        line = Line(what: "playlist, 10 % changed", ours: try await step(.playlist, changed, ours), bytes: bytes)
        line.python = try await peer(changed)
        lines.append(line)
        return lines
    }

    func guides() async throws -> [Line] {
        let (new, changed) = (path("guide.xml"), path("changed.xml"))
        tell("making a guide")
        if let given = plan.guide {
            try FileManager.default.copyItem(atPath: given, toPath: new)
        } else {
            try SampleFeeds.writeGuide(channels: plan.channels, programmes: plan.programmes, to: new)
            try SampleFeeds.writeGuide(channels: plan.channels, programmes: plan.programmes, changed: 10, to: changed)
        }
        let bytes = size(new)
        let ours = path("ours-guide.db")
        var lines = [Line(what: "guide, parsing alone", ours: try await step(.parseGuide, new, ours), bytes: bytes)]
        let scan = try await step(.scan, new, ours)
        // The first refresh brings the channels; then all of them are mapped.
        _ = try await step(.guide, new, ours)
        let source = try await map(ours)
        let python = path("python-guide.db")
        try FileManager.default.copyItem(atPath: ours, toPath: python)
        func peer(_ file: String) async throws -> Cost? { try await self.peer("guide", file, python, source) }

        var line = Line(what: "guide, all new", ours: try await step(.guide, new, ours), bytes: bytes)
        line.python = try await peer(new)
        line.floor = try await step(.guideFloor, new, path("floor-guide.db"), source: ours) + scan
        lines.append(line)
        line = Line(what: "guide, unchanged, compared", ours: try await step(.guide, new, ours, forgets: true))
        line.bytes = bytes
        line.python = try await peer(new)
        lines.append(line)
        try touch(new)
        line.what = "guide, unchanged, another date"
        line.ours = try await step(.guide, new, ours)
        lines.append(line)
        line.what = "guide, unchanged, same version"
        line.ours = try await step(.guide, new, ours)
        line.bytes = nil
        lines.append(line)
        guard plan.guide == nil else { return lines }
        line = Line(what: "guide, 10 % changed", ours: try await step(.guide, changed, ours), bytes: bytes)
        line.python = try await peer(changed)
        lines.append(line)
        return lines
    }

    // MARK: Steps

    private func step(
        _ kind: IngestStep.Kind, _ file: String, _ database: String, source: String = "", forgets: Bool = false
    ) async throws -> Cost {
        tell("\(kind.rawValue) \((file as NSString).lastPathComponent)")
        var arguments = ["bench", "ingest-step", kind.rawValue, file, database, "--source", source]
        if forgets { arguments.append("--forgets") }
        return try await run(URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, arguments)
    }

    private func peer(_ kind: String, _ file: String, _ database: String, _ source: Int) async throws -> Cost? {
        guard let python = plan.python else { return nil }
        tell("Python, \(kind) \((file as NSString).lastPathComponent)")
        let program = path("peer.py")
        try IngestPeer.program.write(toFile: program, atomically: true, encoding: .utf8)
        do {
            return try await run(python, [program, kind, file, database, String(source)])
        } catch let error as BenchFailure {
            // Without lxml there is no guide to be had, and our own figures are wanted all the same.
            tell("Python's way is left out: \(error)")
            return nil
        }
    }

    private func run(_ program: String, _ arguments: [String]) async throws -> Cost {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let output = path("figures")
        try Data().write(to: URL(filePath: output))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        try process.runGuarded(removing: folder)
        while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard process.terminationStatus == 0, let figures = (try? JSONValue(parsing: text)) else {
            throw BenchFailure("\(program) \(arguments.prefix(3).joined(separator: " ")) printed no figures.")
        }
        return Cost(
            wall: figures["wall"]?.double ?? .nan, cpu: figures["cpu"]?.double ?? .nan,
            rows: figures["rows"]?.int ?? 0, mebibytes: (figures["kib"]?.double ?? .nan) / 1024)
    }

    private func makePlaylistPeer(_ database: String) async throws -> Int {
        let catalog = try await CatalogDatabase(path: database)
        let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "Bench"))
        try await catalog.close()
        return account.id
    }

    /// Makes a channel for each channel of the guide; returns the source.
    private func map(_ database: String) async throws -> Int {
        let catalog = try await CatalogDatabase(path: database, checksIntegrity: false)
        guard let source = try await catalog.epgSources.all().first(where: { $0.draft.name == "Bench" }) else {
            throw BenchFailure("the guide was not refreshed")
        }
        try await catalog.epgSources.mapAll(of: source.id)
        try await catalog.close()
        return source.id
    }

    /// The same bytes as another version of the file, as many servers give them.
    private func touch(_ file: String) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date().addingTimeInterval(60)], ofItemAtPath: file)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func size(_ file: String) -> Int {
        // Only for the figure of megabytes a second.
        (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    }
}

extension IngestBench.Cost {
    /// One after the other.
    static func + (left: Self, right: Self) -> Self {
        Self(wall: left.wall + right.wall, cpu: left.cpu + right.cpu, rows: left.rows, mebibytes: left.mebibytes)
    }
}

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
        let parsing = try await middle { _ in try await step(.parsePlaylist, new, "") }
        var lines = [Line(what: "playlist, parsing alone", ours: parsing, bytes: bytes)]
        let scan = try await step(.scan, new, "")
        func ours(_ turn: Int) -> String { path("ours-\(turn).db") }
        func python(_ turn: Int) -> String { path("python-\(turn).db") }
        var account = 0
        func peer(_ file: String, _ turn: Int = 1) async throws -> Cost? {
            try await self.peer("playlist", file, python(turn), account)
        }

        lines.append(
            try await allNew("playlist, all new", bytes) { turn in
                try await step(.playlist, new, ours(turn))
            } floor: { turn in
                try await step(.playlistFloor, new, path("floor-\(turn).db"), source: ours(turn)) + scan
            } python: { turn in
                account = try await makePlaylistPeer(python(turn))
                return try await peer(new, turn)
            })
        lines += try await unchanged("playlist", .playlist, new, ours(1), python: try await peer(new))
        guard plan.playlist == nil else { return lines }
        var line = Line(what: "playlist, 10 % changed", ours: try await step(.playlist, changed, ours(1)), bytes: bytes)
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
        let parsing = try await middle { _ in try await step(.parseGuide, new, "") }
        var lines = [Line(what: "guide, parsing alone", ours: parsing, bytes: bytes)]
        let scan = try await step(.scan, new, "")
        // The first refresh brings the channels; then all of them are mapped.
        let mapped = path("mapped-guide.db")
        _ = try await step(.guide, new, mapped)
        let source = try await map(mapped)
        func ours(_ turn: Int) -> String { path("ours-guide-\(turn).db") }
        func python(_ turn: Int) -> String { path("python-guide-\(turn).db") }
        func peer(_ file: String, _ turn: Int = 1) async throws -> Cost? {
            try await self.peer("guide", file, python(turn), source)
        }

        lines.append(
            try await allNew("guide, all new", bytes) { turn in
                try FileManager.default.copyItem(atPath: mapped, toPath: ours(turn))
                return try await step(.guide, new, ours(turn))
            } floor: { turn in
                try await step(.guideFloor, new, path("floor-guide-\(turn).db"), source: ours(turn)) + scan
            } python: { turn in
                try FileManager.default.copyItem(atPath: mapped, toPath: python(turn))
                return try await peer(new, turn)
            })
        lines += try await unchanged("guide", .guide, new, ours(1), python: try await peer(new))
        guard plan.guide == nil else { return lines }
        var line = Line(what: "guide, 10 % changed", ours: try await step(.guide, changed, ours(1)), bytes: bytes)
        line.python = try await peer(changed)
        lines.append(line)
        return lines
    }

    // MARK: Turns

    /// What a machine gives changes from one minute to the next: so many readings of each, and the middle one counts.
    private static let turns = 3

    private func middle(_ read: (_ turn: Int) async throws -> Cost) async throws -> Cost {
        var costs: [Cost] = []
        for turn in 1...Self.turns { costs.append(try await read(turn)) }
        return Cost(middleOf: costs)
    }

    /// Ours, the floor and Python's way in turns.
    private func allNew(
        _ what: String, _ bytes: Int, _ ours: (_ turn: Int) async throws -> Cost,
        floor: (_ turn: Int) async throws -> Cost, python: (_ turn: Int) async throws -> Cost?
    ) async throws -> Line {
        var costs: [Cost] = [], floors: [Cost] = [], pythons: [Cost] = []
        for turn in 1...Self.turns {
            costs.append(try await ours(turn))
            floors.append(try await floor(turn))
            if let cost = try await python(turn) { pythons.append(cost) }
        }
        return Line(
            what: what, ours: Cost(middleOf: costs), python: pythons.isEmpty ? nil : Cost(middleOf: pythons),
            floor: Cost(middleOf: floors), bytes: bytes)
    }

    /// A file that did not change, in three ways.
    private func unchanged(
        _ what: String, _ kind: IngestStep.Kind, _ file: String, _ database: String, python: Cost?
    ) async throws -> [Line] {
        let bytes = size(file)
        let compared = try await middle { _ in try await step(kind, file, database, forgets: true) }
        let dated = try await middle { turn in
            try touch(file, turn)
            return try await step(kind, file, database)
        }
        let same = try await middle { _ in try await step(kind, file, database) }
        return [
            Line(what: "\(what), unchanged, compared", ours: compared, python: python, bytes: bytes),
            Line(what: "\(what), unchanged, another date", ours: dated, python: python, bytes: bytes),
            Line(what: "\(what), unchanged, same version", ours: same, python: python),
        ]
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
        sync()  // What the step before left to be written to the disk is none of this one's.
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
    private func touch(_ file: String, _ turn: Int) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date().addingTimeInterval(Double(60 * turn))], ofItemAtPath: file)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func size(_ file: String) -> Int {
        // Only for the figure of megabytes a second.
        (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    }
}

extension IngestBench.Cost {
    /// The middle one by time, with the most memory of them all.
    init(middleOf costs: [Self]) {
        self = costs.sorted { $0.wall < $1.wall }[costs.count / 2]
        mebibytes = costs.map(\.mebibytes).max() ?? .nan
    }

    /// One after the other.
    static func + (left: Self, right: Self) -> Self {
        Self(wall: left.wall + right.wall, cpu: left.cpu + right.cpu, rows: left.rows, mebibytes: left.mebibytes)
    }
}

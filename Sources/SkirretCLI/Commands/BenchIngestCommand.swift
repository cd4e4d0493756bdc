import ArgumentParser
import CeleryProtocol
import Foundation
import Logging

/// `skirret bench ingest`.
struct BenchIngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Measure refreshes beside Python's way and beside SQLite's own limit.",
        discussion: """
            Makes a playlist and a guide (the same bytes each time), or takes yours, and refreshes them into databases
            in a temporary folder, each step in a process of its own. FLOOR is SQLite alone inserting the same rows into
            the same table in one transaction, plus reading the bytes once. With --python the same files go through
            Django's bulk operations, with a regular expression or lxml before them, into the same tables. PEAK is
            memory over that of the idle process. What is unchanged is refreshed in three ways: with every row compared,
            under another date (the bytes are read and known), and as the same version, which is not read at all.
            What is all new or unchanged is read three times, all new and the others in turns; the middle reading
            counts, and the most memory.

            The readers' table is of a whole server with that many entries: how long its list of streams takes, and how
            much longer while it refreshes them.

            EXAMPLES
              skirret bench ingest
              skirret bench ingest --python .venv/bin/python          needs django and lxml
              skirret bench ingest --only guide --guide guide.xml
              skirret bench ingest --quick --json
            """)

    enum Part: String, CaseIterable, ExpressibleByArgument { case playlist, guide, readers }

    @Option(help: "A Python with django and lxml, to be measured in the same run.")
    var python: String?

    @Option(help: "How many entries the playlist has.")
    var entries = 200_000

    @Option(help: "How many programmes the guide has, on 2,000 channels.")
    var programmes = 250_000

    @Option(help: "A playlist of yours instead of the made one.")
    var playlist: String?

    @Option(help: "A guide of yours instead of the made one.")
    var guide: String?

    @Option(help: "Only this part: playlist, guide or readers.")
    var only: Part?

    @Flag(help: "A tenth of everything.")
    var quick = false

    @Flag(help: "Print one JSON array.")
    var json = false

    func run() async throws {
        LoggingSystem.bootstrap { LineLogHandler(label: $0, level: .warning) }
        var plan = IngestBench.Plan()
        plan.entries = quick ? entries / 10 : entries
        plan.programmes = quick ? programmes / 10 : programmes
        plan.channels = quick ? 200 : 2_000
        plan.python = python
        plan.playlist = playlist
        plan.guide = guide
        let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a left-over in the temporary folder harms nobody
        let bench = IngestBench(plan: plan, folder: folder) { Output.aside("measuring: \($0)") }
        var lines: [IngestBench.Line] = []
        if only == nil || only == .playlist { lines += try await bench.playlists() }
        if only == nil || only == .guide { lines += try await bench.guides() }
        var readers: ReaderBench.Figures?
        if only == nil || only == .readers { readers = try await ReaderBench(bench).run() }
        if json { return Output.json(.array(lines.map(\.json) + [readers?.json].compactMap(\.self))) }
        if !lines.isEmpty {
            Output.table(IngestBench.Line.header, lines.map(\.row))
            Output.line("\nTIMES is how many times faster than Python, RATIO how many times the floor.\n")
        }
        if let readers {
            Output.table(ReaderBench.Figures.header, readers.rows)
            Output.line("")
        }
        Output.table(IngestBar.header, (lines.flatMap(\.bars) + [readers?.bar].compactMap(\.self)).map(\.row))
    }
}

import ArgumentParser
import CeleryProtocol
import Foundation
import Ingest
import Logging

/// `skirret ingest`.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest", abstract: "Look into playlists and guides.", subcommands: [IngestInspectCommand.self])
}

/// `skirret ingest inspect`.
struct IngestInspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Say what a playlist or a guide holds, and what is wrong in which line.",
        discussion: """
            Reads a file or a web address, plain or as gz, xz or zip; needs no database and no Redis and changes
            nothing. Whether it is a playlist or a guide is seen in its content.

            EXAMPLES
              skirret ingest inspect list.m3u
              skirret ingest inspect https://example.net/guide.xml.gz
              skirret ingest inspect list.m3u --groups 0              every group
              skirret ingest inspect list.m3u --json | jq .problems
            """)

    @Argument(help: "A file, or an address that begins with http:// or https://.")
    var source: String

    @Option(help: "How many groups are listed; 0 for all of them.")
    var groups = 20

    @Option(help: "The User-Agent that the server is told.")
    var userAgent: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        LoggingSystem.bootstrap { LineLogHandler(label: $0, level: .warning) }
        let isWeb = source.lowercased().hasPrefix("http://") || source.lowercased().hasPrefix("https://")
        let origin: IngestSource = isWeb ? .web(source) : .file(source)
        var options = Download.Options()
        if let userAgent { options.userAgent = userAgent }
        let screen = Screen()
        let name = origin.display
        let inspection = try await Inspection.run(origin, options: options) { progress in
            await screen.show(name, progress)
        }
        await screen.clear()
        if json { return Output.json(.object(inspection.json)) }
        print(inspection)
    }

    private actor Screen {
        private var line = ProgressLine()
        func show(_ name: String, _ progress: DownloadProgress) {
            let speed = String(format: "%.1f MB, %.0f KB/s", Double(progress.bytes) / 1e6, progress.kilobytesPerSecond)
            line.show(name, percent: progress.total == nil ? nil : progress.percent, speed)
        }
        func clear() { line.clear() }
    }

    private func print(_ found: Inspection) {
        var size = Self.megabytes(found.bytes)
        if found.plainBytes != found.bytes { size += ", \(Self.megabytes(found.plainBytes)) unpacked" }
        Output.line("\(found.kind.rawValue), \(size), \(found.lines) lines, \(String(format: "%.1f", found.seconds)) s")
        switch found.kind {
        case .playlist: printPlaylist(found)
        case .guide: printGuide(found)
        }
        printProblems(found.problems)
    }

    private func printPlaylist(_ found: Inspection) {
        Output.line("")
        let schemes = found.schemes.sorted { $0.value > $1.value }.map { "\($0.key) \($0.value)" }
        Output.table(
            ["STREAMS", "GROUPS", "TVG-ID", "LOGO", "NUMBER", "CATCH-UP", "SAME URL"],
            [
                [
                    found.streams, found.groups.count, found.withGuideID, found.withLogo, found.withNumber,
                    found.withCatchup, found.repeatedURLs,
                ].map(String.init)
            ])
        if schemes.count > 1 { Output.line("URLs: \(schemes.joined(separator: ", "))") }
        guard !found.groups.isEmpty else { return }
        Output.line("")
        let sorted = found.groups.sorted { ($1.streams, $0.name) < ($0.streams, $1.name) }
        let shown = groups > 0 ? Array(sorted.prefix(groups)) : sorted
        Output.table(["GROUP", "STREAMS"], shown.map { [$0.name, String($0.streams)] })
        if shown.count < sorted.count {
            Output.line("and \(sorted.count - shown.count) more groups; --groups 0 lists them")
        }
    }

    private func printGuide(_ found: Inspection) {
        Output.line("")
        func time(_ date: Date?) -> String { date?.formatted(.iso8601) ?? "-" }
        Output.table(
            ["CHANNELS", "PROGRAMMES", "FROM", "TO", "EMPTY CHANNELS", "UNLISTED CHANNELS"],
            [
                [
                    String(found.channels), String(found.programmes), time(found.earliest), time(found.latest),
                    String(found.channelsWithoutProgrammes), String(found.unlistedChannels),
                ]
            ])
    }

    private func printProblems(_ problems: ParseProblems) {
        Output.line("")
        guard problems.total > 0 else { return Output.line("Nothing is wrong with it.") }
        let counts = problems.counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        Output.table(["WRONG", "TIMES"], counts.map { [$0.key.words, String($0.value)] })
        Output.line("")
        Output.table(
            ["WRONG", "LINE", "FOUND"],
            problems.samples.map { [$0.kind.words, $0.line > 0 ? String($0.line) : "-", Self.shown($0.detail)] })
        if problems.total > problems.samples.count {
            Output.line("and \(problems.total - problems.samples.count) more")
        }
    }

    /// Without what could move the cursor or change colours.
    private static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(scalars))
    }

    private static func megabytes(_ bytes: Int) -> String {
        bytes < 1_000_000 ? "\(bytes) bytes" : String(format: "%.1f MB", Double(bytes) / 1e6)
    }
}

extension ParseProblems.Kind {
    /// For people.
    fileprivate var words: String {
        switch self {
        case .tooLong: "longer than allowed, dropped or cut"
        case .tooManyAttributes: "too many attributes, the rest dropped"
        case .tooManyRecords: "too many entries, the rest dropped"
        case .entryWithoutURL: "#EXTINF without a URL, dropped"
        case .urlWithoutEntry: "URL without #EXTINF, dropped"
        case .refusedURL: "no URL, or a scheme that players are not given"
        case .invalidText: "broken characters, replaced"
        case .unclosedQuote: "a quote that is not closed"
        case .malformedXML: "broken XML, read as well as possible"
        case .entityDefinition: "defines an entity, ignored"
        case .unknownEntity: "unknown entity, left out"
        case .missingField: "channel or programme without what it needs, dropped"
        case .invalidTime: "unreadable time, programme dropped"
        case .endsBeforeStart: "ends before it starts, dropped"
        case .trailingData: "bytes after the end, ignored"
        }
    }
}

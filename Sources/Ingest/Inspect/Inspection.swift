public import CeleryProtocol
public import FoundationEssentials
import NIOCore

/// What a playlist or a guide holds, and what is wrong with it, without any database.
///
///     let inspection = try await Inspection.run(.file("list.m3u.gz"))
///     print(inspection.groups.count, inspection.problems.total)
///
/// Whether it is a playlist or a guide is seen in its first bytes.
public struct Inspection: Sendable {
    /// What the file is.
    public enum Kind: String, Sendable { case playlist, guide }

    /// What the file is.
    public internal(set) var kind: Kind
    /// Bytes as they came.
    public internal(set) var bytes = 0
    /// Bytes after decompression.
    public internal(set) var plainBytes = 0
    /// Seconds, fetching included.
    public internal(set) var seconds = 0.0
    /// Lines of the text.
    public internal(set) var lines = 0

    /// Streams of a playlist.
    public internal(set) var streams = 0
    /// Streams by group; in the order of the file, at most 100,000 groups.
    public internal(set) var groups: [(name: String, streams: Int)] = []
    /// Streams by the scheme of their URL.
    public internal(set) var schemes: [String: Int] = [:]
    /// Streams that name a guide's channel.
    public internal(set) var withGuideID = 0
    /// Streams with a logo.
    public internal(set) var withLogo = 0
    /// Streams with a channel number.
    public internal(set) var withNumber = 0
    /// Streams whose past can be watched.
    public internal(set) var withCatchup = 0
    /// Streams whose URL another stream has, too.
    public internal(set) var repeatedURLs = 0

    /// Channels of a guide.
    public internal(set) var channels = 0
    /// Programmes of a guide.
    public internal(set) var programmes = 0
    /// Channels without a programme.
    public internal(set) var channelsWithoutProgrammes = 0
    /// Channels that programmes name and the guide does not list.
    public internal(set) var unlistedChannels = 0
    /// When the first programme begins.
    public internal(set) var earliest: Date?
    /// When the last programme ends.
    public internal(set) var latest: Date?

    /// What was wrong, counted, with the first places.
    public internal(set) var problems = ParseProblems()

    init(kind: Kind) { self.kind = kind }

    /// Fetches and reads a file.
    ///
    /// - Parameters:
    ///   - source: what to look at.
    ///   - options: how it is fetched.
    ///   - progress: called now and then.
    /// - Returns: what was found.
    /// - Throws: `DownloadError`, `DecompressionError`, `GuideParseError`, or `InspectionError` when it is neither a
    ///   playlist nor a guide.
    public static func run(
        _ source: IngestSource, options: Download.Options = Download.Options(),
        progress: @escaping @Sendable (DownloadProgress) async -> Void = { _ in }
    ) async throws -> Inspection {
        let bench = ParserBench(Inspector())
        let receipt = try await Download(options: options).run(source, progress: progress) { piece in
            try await bench.work { inspector in try piece.withUnsafeReadableBytes { try inspector.read($0) } }
        }
        var inspection = try await bench.work { try $0.finish() }
        inspection.bytes = receipt.progress.bytes
        inspection.seconds = receipt.progress.elapsed
        return inspection
    }

    /// Everything, for programs.
    public var json: JSONObject {
        var object: JSONObject = [
            "kind": .string(kind.rawValue), "bytes": .int(bytes), "plain_bytes": .int(plainBytes),
            "seconds": .double(seconds.rounded(toPlaces: 2)), "lines": .int(lines),
        ]
        switch kind {
        case .playlist:
            object["streams"] = .int(streams)
            object["groups"] = .array(groups.map { ["name": .string($0.name), "streams": .int($0.streams)] })
            object["schemes"] = .object(
                JSONObject(schemes.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.int($0.value)) }))
            object["with_tvg_id"] = .int(withGuideID)
            object["with_logo"] = .int(withLogo)
            object["with_number"] = .int(withNumber)
            object["with_catchup"] = .int(withCatchup)
            object["repeated_urls"] = .int(repeatedURLs)
        case .guide:
            object["channels"] = .int(channels)
            object["programmes"] = .int(programmes)
            object["channels_without_programmes"] = .int(channelsWithoutProgrammes)
            object["unlisted_channels"] = .int(unlistedChannels)
            object["earliest"] = earliest.map { .string($0.formatted(.iso8601)) } ?? .null
            object["latest"] = latest.map { .string($0.formatted(.iso8601)) } ?? .null
        }
        let counts = problems.counts.sorted { $0.key.rawValue < $1.key.rawValue }
        object["problems"] = .object(JSONObject(counts.map { ($0.key.rawValue, JSONValue.int($0.value)) }))
        object["places"] = .array(
            problems.samples.map {
                ["kind": .string($0.kind.rawValue), "line": .int($0.line), "detail": .string($0.detail)]
            })
        return object
    }
}

/// A file that is neither a playlist nor a guide.
public struct InspectionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// How the file begins, at most 80 characters.
    public let beginning: String

    /// One sentence for people.
    public var description: String {
        beginning.isEmpty
            ? "The file is empty."
            : "The file is neither an M3U playlist nor an XMLTV guide; it begins with \"\(beginning)\"."
    }
}

public import CeleryProtocol
import Foundation

/// Where a finished recording is put, below the folder of recordings.
///
/// The DVR settings hold templates: `tv_template` for a programme whose season and episode are known, else
/// `tv_fallback_template`; `movie_template` for a film. In them stand `{show}` or `{title}`, `{sub_title}`,
/// `{season:02d}`, `{episode:02d}`, `{year}`, `{start}`, `{end}` and `{channel}`.
public struct RecordingPath: Sendable {
    private let values: [String: String]
    private let kind: Kind

    private enum Kind { case episode, film, other }

    /// A path for a recording of a channel.
    public init(_ recording: Recording, channel: String) {
        let program = recording.properties["program"]
        let title = program?["title"]?.string ?? channel
        func number(_ key: String) -> String? { program?[key]?.int.map(String.init) }
        let start = DjangoTime.text(recording.start)
        values = [
            "show": title, "title": title, "sub_title": program?["sub_title"]?.string ?? "",
            "season": number("season") ?? "", "episode": number("episode") ?? "",
            "year": number("year") ?? program?["date"]?.string.map { String($0.prefix(4)) } ?? String(start.prefix(4)),
            "start": Self.stamp(recording.start), "end": Self.stamp(recording.end), "channel": channel,
        ]
        let categories = program?["categories"]?.array?.compactMap { $0.string?.lowercased() } ?? []
        if number("season") != nil, number("episode") != nil {
            kind = .episode
        } else if categories.contains(where: { ["movie", "film", "movies", "feature film"].contains($0) }) {
            kind = .film
        } else {
            kind = .other
        }
    }

    /// The path that the settings ask for, ending in `.mkv`; never outside the folder.
    public func relative(_ settings: JSONObject) -> String {
        let template: String
        switch kind {
        case .episode: template = settings.text("tv_template") ?? "TV_Shows/{show}/S{season:02d}E{episode:02d}.mkv"
        case .film: template = settings.text("movie_template") ?? "Movies/{title} ({year}).mkv"
        case .other: template = settings.text("tv_fallback_template") ?? "TV_Shows/{show}/{start}.mkv"
        }
        let parts = template.split(separator: "/").map { Self.safe(expand(String($0))) }.filter { !$0.isEmpty }
        let path = parts.isEmpty ? Self.safe(values["start"] ?? "recording") : parts.joined(separator: "/")
        return path.lowercased().hasSuffix(".mkv") ? path : path + ".mkv"
    }

    private func expand(_ template: String) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let parts = rest[rest.index(after: open)..<close].split(separator: ":", maxSplits: 1)
            let value = parts.first.flatMap { values[String($0)] }
            let width = parts.count > 1 ? Int(parts[1].prefix { $0.isNumber }) ?? 0 : 0
            // A name within a value that holds a slash is no folder.
            let shown = (value ?? "").replacing("/", with: "-")
            text += String(repeating: "0", count: max(0, shown.isEmpty ? 0 : width - shown.count)) + shown
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    /// A name that every file system takes: no dots at the ends, no control characters, at most 150 characters.
    private static func safe(_ name: String) -> String {
        let kept = name.unicodeScalars.filter { $0.value >= 0x20 && !"\\:*?\"<>|\u{7F}".unicodeScalars.contains($0) }
        return String(
            String(String.UnicodeScalarView(kept)).trimmingCharacters(in: CharacterSet(charactersIn: " .")).prefix(150))
    }

    private static func stamp(_ date: Date) -> String {
        String(DjangoTime.text(date).prefix(19)).replacing(" ", with: "_").replacing(":", with: "-")
    }
}

extension JSONObject {
    /// A text that is not empty.
    fileprivate func text(_ key: String) -> String? { self[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
}

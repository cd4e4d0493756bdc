import CeleryProtocol
import NIOCore

/// Bytes of `get_live_streams` in, streams worth staging out.
struct XtreamReader: StreamReader {
    private let decompressor: Decompressor
    private let login: XtreamLogin
    private let names: [String: String]
    private var splitter = JSONArraySplitter()
    private var selection: StreamSelection
    private var faults = ParseProblems()
    private var count = 0

    init(
        _ account: PlaylistAccount, _ login: XtreamLogin, categories: [(id: String, name: String)],
        filters: FilterChain, limits: PlaylistRefresh.Options
    ) {
        decompressor = Decompressor(limits: limits.decompression)
        self.login = login
        names = Dictionary(categories.map { ($0.id, $0.name) }) { first, _ in first }
        selection = StreamSelection(account, filters: filters)
        for category in categories {
            selection.note(PlaylistGroup(name: category.name, properties: ["xc_id": .string(category.id)]))
        }
    }

    var groups: [PlaylistGroup] { selection.groups }
    var facts: StreamFacts {
        var problems = faults
        problems.merge(decompressor.problems)
        return selection.facts(adding: problems)
    }

    mutating func read(_ buffer: ByteBuffer) throws -> [PlaylistStream] {
        var streams: [PlaylistStream] = []
        try buffer.withUnsafeReadableBytes { bytes in
            try decompressor.decompress(bytes) { try take($0, &streams) }
        }
        return streams
    }

    mutating func finish() throws -> [PlaylistStream] {
        var streams: [PlaylistStream] = []
        try decompressor.finish { try take($0, &streams) }
        do { try splitter.finish() } catch let fault as JSONArraySplitter.Fault { throw Self.explained(fault) }
        return streams
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ streams: inout [PlaylistStream]) throws {
        var elements: [[UInt8]] = []
        do {
            try splitter.split(bytes) { elements.append($0) }
        } catch let fault as JSONArraySplitter.Fault { throw Self.explained(fault) }
        for element in elements {
            count += 1
            // An element that cannot be read is one stream less, not the end of the refresh.
            guard let object = (try? JSONValue(parsing: element))?.object,
                let entry = XtreamStream.entry(object, login, groups: names)
            else {
                let beginning = String(decoding: element.prefix(60), as: UTF8.self)
                faults.note(.missingField, line: 0, "stream \(count): \(beginning)")
                continue
            }
            if let stream = selection.take(entry) { streams.append(stream) }
        }
    }

    private static func explained(_ fault: JSONArraySplitter.Fault) -> RefreshError {
        let text =
            switch fault {
            case .notList(let said): "Unexpected response from XC server: \(said)"
            case .truncated: "Failed to get streams from XC server: the answer ends in the middle of the list"
            case .tooLarge: "Unexpected response from XC server: one stream is larger than 256 KiB"
            }
        return RefreshError(code: .content, message: text)
    }
}

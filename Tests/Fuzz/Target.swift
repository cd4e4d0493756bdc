import CeleryProtocol
import Foundation

/// What libFuzzer calls with each input.
///
/// Beside not crashing, a parser must make the same records of the same bytes however they are cut, and no record that
/// breaks its own promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    parser(bytes)
    return 0
}

private let parser: @Sendable ([UInt8]) -> Void =
    switch ProcessInfo.processInfo.environment["SKIRRET_FUZZ_PARSER"] {
    case "xmltv": fuzzGuide
    case "json": fuzzList
    default: fuzzPlaylist
    }

/// Cuts that the input itself decides on, so that findings can be repeated.
private func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let sizes = [1, 2, 3, 7, 16, 61, 256, 4096]
    let size = sizes[Int(bytes.first ?? 0) % sizes.count]
    return stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
}

private func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}

// MARK: - Playlists

private func fuzzPlaylist(_ bytes: [UInt8]) {
    let whole = playlist([bytes[...]])
    require(whole == playlist(pieces(of: bytes)), "other entries when the bytes are cut")
    for entry in whole {
        require(!entry.url.isEmpty && !entry.url.contains("\n"), "an entry without a URL, or with two lines of it")
        require(entry.customProperties.count <= 600, "more properties than the limit")
        require(JSONRoundTrip.holds(entry.customProperties), "properties that JSON changes")
    }
}

private func playlist(_ pieces: [ArraySlice<UInt8>]) -> [PlaylistEntry] {
    var parser = PlaylistParser()
    var entries: [PlaylistEntry] = []
    for piece in pieces { parser.parse(Array(piece)) { entries.append($0) } }
    parser.finish { entries.append($0) }
    return entries
}

// MARK: - Guides

private func fuzzGuide(_ bytes: [UInt8]) {
    let whole = guide([bytes[...]])
    let cut = guide(pieces(of: bytes))
    // What libxml2 gets over depends on how much of the document it has seen; what is sound does not.
    if whole.isSound, cut.isSound { require(whole.records == cut.records, "other records when the bytes are cut") }
    for record in whole.records + cut.records {
        switch record {
        case .channel(let channel):
            require(!channel.id.isEmpty && channel.id.unicodeScalars.count <= 255, "a channel's id")
            require(channel.name.unicodeScalars.count <= 512, "a channel's name")
        case .programme(let programme):
            require(programme.start <= programme.stop && programme.start.timeIntervalSince1970 >= 0, "times")
            require(!programme.title.isEmpty && programme.title.unicodeScalars.count <= 255, "a title")
            require(JSONRoundTrip.holds(programme.customProperties ?? [:]), "properties that JSON changes")
        }
    }
}

private func guide(_ pieces: [ArraySlice<UInt8>]) -> (records: [GuideRecord], isSound: Bool) {
    var records: [GuideRecord] = []
    guard let parser = try? GuideParser() else { return ([], false) }
    do {
        for piece in pieces { try parser.parse(Array(piece)) { records.append($0) } }
        try parser.finish { records.append($0) }
    } catch {
        return (records, false)
    }
    return (records, parser.problems.counts[.malformedXML] == nil)
}

// MARK: - Lists of Xtream Codes

private func fuzzList(_ bytes: [UInt8]) {
    let whole = list([bytes[...]])
    require(whole == list(pieces(of: bytes)), "other elements when the bytes are cut")
    // What JSON itself reads as a list has the same elements here.
    guard let elements = whole, let array = (try? JSONValue(parsing: bytes))?.array else { return }
    require(elements.compactMap { try? JSONValue(parsing: $0) } == array, "other elements than JSON's")
}

private func list(_ pieces: [ArraySlice<UInt8>]) -> [[UInt8]]? {
    var splitter = JSONArraySplitter()
    var elements: [[UInt8]] = []
    do {
        for piece in pieces {
            try Array(piece).withUnsafeBytes { bytes in try splitter.split(bytes) { elements.append($0) } }
        }
        try splitter.finish()
        return elements
    } catch {
        return nil
    }
}

/// What goes into a JSON column must come out of it as it was.
private enum JSONRoundTrip {
    static func holds(_ object: JSONObject) -> Bool {
        (try? JSONValue(parsing: JSONValue.object(object).encoded())) == .object(object)
    }
}

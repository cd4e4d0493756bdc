import Foundation
import Testing

/// Files from the shared folder's generators, made once per process in a temporary folder.
enum Fixtures {
    /// `../shared` beside the checkout, or what `SKIRRET_SHARED` names; nil when there is none.
    static let shared: URL? = {
        let candidates: [URL]
        if let named = ProcessInfo.processInfo.environment["SKIRRET_SHARED"] {
            candidates = [URL(fileURLWithPath: named)]
        } else {
            var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            var found: [URL] = []
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                found.append(folder.appendingPathComponent("shared"))
            }
            candidates = found
        }
        return candidates.first {
            FileManager.default.fileExists(atPath: $0.appendingPathComponent("data/gen_m3u.py").path)
        }
    }()

    /// Whether the generators are there; says once why tests are left out when they are not.
    static let isAvailable: Bool = {
        if shared == nil { print("skipped: no ../shared/data/gen_m3u.py (set SKIRRET_SHARED to the folder)") }
        return shared != nil
    }()

    static func playlist(entries: Int, change: Double = 0) throws -> [UInt8] {
        try generate("gen_m3u.py", ["--entries", "\(entries)", "--change", "\(change)"])
    }

    static func guide(channels: Int, programmes: Int) throws -> [UInt8] {
        try generate("gen_xmltv.py", ["--channels", "\(channels)", "--programmes", "\(programmes)"])
    }

    private static func generate(_ script: String, _ arguments: [String]) throws -> [UInt8] {
        let path = try #require(shared).appendingPathComponent("data").appendingPathComponent(script).path
        return try Python.run(arguments: [path] + arguments)
    }
}

/// Python, as the independent second opinion.
enum Python {
    struct Failure: Error { let status: Int32 }

    /// Runs `python3` with arguments, gives it the input, and returns its output.
    static func run(arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("input")
        try Data(input).write(to: file)
        let output = folder.url.appendingPathComponent("output")
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return [UInt8](try Data(contentsOf: output))
    }

    static func run(_ source: String, input: [UInt8] = []) throws -> [UInt8] {
        try run(arguments: ["-c", source], input: input)
    }
}

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("ingest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch { print("left behind: \(url.path): \(error)") }
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(bytes).write(to: file)
        return file.path
    }
}

extension Array {
    /// Cuts into pieces of a size.
    func pieces(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}

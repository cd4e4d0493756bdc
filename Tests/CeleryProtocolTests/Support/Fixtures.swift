import CeleryProtocol
import Foundation

/// Recordings of real Celery, one JSON object a line.
///
/// They are not part of the package.
enum Fixtures {
    /// The folder of recordings: below `SKIRRET_SHARED`, or `../shared` beside the package.
    private static let folder: URL? = {
        let environment = ProcessInfo.processInfo.environment
        if let shared = environment["SKIRRET_SHARED"] {
            return existing(URL(fileURLWithPath: shared, isDirectory: true))
        }
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while folder.path != "/" {
            if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
                return existing(folder.deletingLastPathComponent().appendingPathComponent("shared"))
            }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    private static func existing(_ shared: URL) -> URL? {
        let folder = shared.appendingPathComponent("fixtures/celery")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }

    /// The rows of one recording; none, with the reason printed, when the recordings are not here.
    static func rows(_ name: String) throws -> [JSONValue] {
        guard let folder else {
            print("skipped: no recordings of Celery in ../shared/fixtures/celery; SKIRRET_SHARED names another folder")
            return []
        }
        let file = folder.appendingPathComponent(name + ".jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            try JSONValue(parsing: String(line))
        }
    }
}

extension JSONValue {
    /// A text member that every row has; empty when it is missing, which no expectation accepts.
    func text(_ key: String) -> String { self[key]?.string ?? "" }
}

extension String {
    var bytes: [UInt8] { Array(utf8) }
}

import Foundation
import Testing

/// What every script owes its reader, checked against its text.
@Suite("Script contracts") struct ScriptContractTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/Skirret/Scripts").standardizedFileURL
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".lua") }.sorted()

    @Test func `the scripts are found`() { #expect(Self.names.count >= 14) }

    @Test(arguments: names)
    func `every key and argument it uses is described at its head`(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let head = lines.prefix { $0.hasPrefix("--") }.joined(separator: "\n")
        let code = lines.drop { $0.hasPrefix("--") }.filter { !$0.trimmed.hasPrefix("--") }.joined(separator: "\n")
        for kind in ["KEYS", "ARGV"] {
            let used = Set(
                code.matches(of: try Regex("\(kind)\\[([0-9]+)\\]", as: (Substring, Substring).self)).map(\.1))
            for number in used {
                #expect(
                    head.contains("\(kind)[\(number)]") || head.contains("\(kind)[\(number)…]"),
                    "\(kind)[\(number)] is used and not described")
            }
        }
        #expect(head.contains("-- \(name.dropLast(4).replacing("_", with: " ")): "), "the first line says what it does")
        #expect(head.contains("Returns"), "the answer is described")
    }

    @Test(arguments: names)
    func `it writes no Celery message through cjson`(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        // What we encode is ours: an owner's record, a dead letter's reason. Both are written as tables on the spot.
        for call in text.matches(of: /cjson\.encode\((.)/) { #expect(call.1 == "{") }
        let code = text.replacing(/"[^"\n]*"/, with: "")
        // Values that a script decoded may be looked at only.
        for call in code.matches(of: /cjson\.encode\(\{[^}]*\}/) {
            #expect(!call.0.contains("envelope") && !call.0.contains("message"), "\(call.0)")
        }
    }
}

extension Substring {
    fileprivate var trimmed: Substring { drop { $0 == " " } }
}

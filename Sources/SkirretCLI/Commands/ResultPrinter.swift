import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// Prints results; a failed task ends the program with exit code 1.
struct ResultPrinter {
    let isJSON: Bool

    func print(_ result: TaskResult) throws {
        let failure = result.failure
        if isJSON {
            let error: JSONValue =
                failure.map {
                    [
                        "type": .string($0.excType),
                        "message": .string($0.excMessage.map { $0.string ?? $0.text }.joined(separator: ", ")),
                    ]
                } ?? .null
            Output.json([
                "id": .string(result.taskID.rawValue), "state": .string(result.state.rawValue),
                "result": failure == nil ? result.result : .null, "error": error, "children": .array(result.children),
            ])
        } else if let failure {
            FileHandle.standardError.write(Data("\(result.state): \(failure.description)\n".utf8))
        } else {
            Output.line(result.result.text)
        }
        if failure != nil { throw ExitCode(1) }
    }
}

import Foundation
import SkirretRedis

/// A real Celery worker on the queues `python` and `celery`, with the tasks of `Tests/Interop/canvases.py`.
final class PythonWorker: Sendable {
    private static let root: URL = {
        // Not standardized: that would follow the link out of the virtual environment.
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/", !FileManager.default.fileExists(atPath: folder.appending(path: "Tests/Interop").path)
        {
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// The interpreter that has Celery; nil, with the reason printed, when it is not here.
    static let executable: URL? = {
        let python = root.appending(path: ".venv-test/bin/python")
        if FileManager.default.isExecutableFile(atPath: python.path) { return python }
        print("skipped: no Celery in .venv-test; deploy/test --setup installs it")
        return nil
    }()

    /// Runs a short program with the interpreter that has Celery; gives its exit code.
    static func run(_ code: String, _ arguments: String...) async throws -> Int32 {
        let process = Process()
        process.executableURL = executable
        process.arguments = ["-c", code] + arguments
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }

    private let process = Process()

    init(_ python: URL, broker: RedisURL) throws {
        process.executableURL = python
        process.arguments = [
            Self.root.appending(path: "Tests/Interop/canvases.py").path, "--worker", broker.celeryText,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Ends it at once; a warm stop would hold up a thread of the tests.
    func stop() {
        kill(process.processIdentifier, SIGKILL)
    }
}

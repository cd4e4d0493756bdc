import NIOCore
import NIOPosix

extension PythonEnvironment {
    /// What a Python program of ours prints, run to its end.
    ///
    /// - Parameters:
    ///   - module: run as `python -m module`.
    ///   - arguments: what it is told.
    ///   - limit: bytes that are read of it.
    ///   - deadline: it is killed then.
    ///   - loop: where its pipes are read.
    ///   - failure: the error from a sentence and its last lines on stderr.
    /// - Returns: all of its standard output.
    /// - Throws: what `failure` makes of it.
    func output(
        of module: String, _ arguments: [String] = [], limit: Int, within deadline: TimeAmount,
        on loop: any EventLoop, failure: (_ reason: String, _ lines: [String]) -> PluginError
    ) async throws(PluginError) -> [UInt8] {
        let output: ProgramOutput
        do {
            output = try await ProgramOutput.of(limit: limit, within: deadline, on: loop) { descriptors in
                try start(module: module, arguments: arguments, descriptors: descriptors, on: loop)
            }
        } catch {
            throw error as? PluginError ?? failure("\(error).", [])
        }
        guard output.exit.exitCode == 0 else { throw failure("It did not end well.", output.lines) }
        guard let bytes = output.bytes else { throw failure("Its answer is larger than \(limit >> 20) MiB.", []) }
        return bytes
    }
}

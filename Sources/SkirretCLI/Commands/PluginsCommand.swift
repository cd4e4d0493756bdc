import ArgumentParser
import Foundation
import PluginRuntime

/// `skirret plugins`: what authors of plugins need; see `skirret_plugin` beside the Python host.
struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins",
        abstract: "For authors of plugins: new, validate, run, test, install. Needs no server.",
        discussion: """
            EXAMPLES
              skirret plugins new tidy_up                 manifest, settings, an action, a page, and tests that pass
              skirret plugins validate tidy_up            what is wrong with it, with line and remedy
              skirret plugins run tidy_up tidy --params '{"suffix": " HD"}'
              skirret plugins test tidy_up -- -k dry_run  its tests, each on a fresh database
              skirret plugins run --help                  each command says more

            'test' needs pytest beside the host's own packages: .venv/bin/python -m pip install pytest
            """)

    @Argument(parsing: .captureForPassthrough, help: "A command and what it takes.")
    var arguments: [String] = []

    func run() async throws {
        let settings = try Settings(try await SettingSources(flags: [:], file: nil))
        let words = [settings.python, "-m", "skirret_plugin"] + (arguments.isEmpty ? ["--help"] : arguments)
        var variables = ProcessInfo.processInfo.environment
        variables["PYTHONPATH"] = PythonEnvironment.bundledTree
        variables["SKIRRET_PLUGIN_PROGRAM"] = "skirret plugins"
        variables["SKIRRET_DATA_DIR"] = settings.dataDirectory.path
        // Python takes this process over: the terminal, signals and the exit code are its own.
        var argv = words.map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        execve(settings.python, &argv, &envp)
        throw ValidationError(
            "cannot run \(settings.python): \(String(cString: strerror(errno))); SKIRRET_PYTHON names the Python "
                + "that has Django")
    }
}

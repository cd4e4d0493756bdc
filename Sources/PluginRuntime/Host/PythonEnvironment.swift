import Foundation
import NIOCore

/// Where Python, its modules and its data are, and all that its processes get to know.
public struct PythonEnvironment: Sendable {
    /// The interpreter, with Django and Celery installed.
    public var executable: String
    /// The folder with the host and the modules that plugins import.
    public var tree: String
    /// The folder whose sub-folders are plugins.
    public var pluginsDirectory: String
    /// The SQLite file that Django opens.
    public var database: String
    /// The Redis URL as Celery spells it.
    ///
    /// It may hold a password, which the host's own environment then shows to plugins.
    public var brokerURL: String
    /// Celery's `broker_transport_options` as JSON: a Sentinel's `master_name` is no part of its URL.
    public var brokerOptions = "{}"
    /// Where results are, as Celery spells it; nil for the broker.
    public var backendURL: String?
    /// Celery's `result_backend_transport_options` as JSON.
    public var backendOptions = "{}"
    /// Variables for one program more than for the others.
    var addedVariables: [String: String] = [:]
    /// The product's data folder; also the processes' working directory, created when missing.
    public var dataDirectory: String

    /// An environment around the bundled Python modules.
    ///
    /// - Parameters:
    ///   - executable: the interpreter.
    ///   - tree: the folder with `skirret_host`; nil for ``bundledTree``.
    ///   - pluginsDirectory: where plugins are.
    ///   - database: path of the SQLite file.
    ///   - brokerURL: Celery's spelling of the Redis URL.
    ///   - dataDirectory: the data folder.
    public init(
        executable: String, tree: String? = nil, pluginsDirectory: String, database: String, brokerURL: String,
        dataDirectory: String
    ) {
        self.executable = executable
        self.tree = tree ?? Self.bundledTree
        self.pluginsDirectory = pluginsDirectory
        self.database = database
        self.brokerURL = brokerURL
        self.dataDirectory = dataDirectory
    }

    /// The Python folder that was built into the product, unless `SKIRRET_PYTHON_TREE` names another.
    public static var bundledTree: String {
        if let override = ProcessInfo.processInfo.environment["SKIRRET_PYTHON_TREE"], !override.isEmpty {
            return override
        }
        return Bundle.module.bundleURL.appendingPathComponent("Python").path
    }

    /// Where plugins' own packages are, a folder for each plugin's key.
    var packagesDirectory: String { dataDirectory + "/plugin-packages" }

    /// Dispatcharr's names for what an archive may hold begin so.
    private static let importLimits = "DISPATCHARR_PLUGIN_IMPORT_MAX_"

    /// Everything the processes find in `os.environ`.
    ///
    /// Nothing of ours is inherited but place and language.
    var variables: [String: String] {
        let own = ProcessInfo.processInfo.environment
        var variables = own.filter {
            ["PATH", "LANG", "LC_ALL", "TZ", "HOME"].contains($0.key) || $0.key.hasPrefix(Self.importLimits)
        }
        if variables["PATH"] == nil { variables["PATH"] = "/usr/local/bin:/usr/bin:/bin" }
        if variables["LANG"] == nil { variables["LANG"] = "C.UTF-8" }
        variables["PYTHONPATH"] = tree
        variables["PYTHONUTF8"] = "1"
        // Neither the working directory nor somebody's home may shadow a module of ours or of Python's.
        variables["PYTHONSAFEPATH"] = "1"
        variables["PYTHONNOUSERSITE"] = "1"
        // A line that a crash cuts off is the one that explains it.
        variables["PYTHONUNBUFFERED"] = "1"
        variables["SKIRRET_PLUGINS_DIR"] = pluginsDirectory
        variables["DISPATCHARR_PLUGINS_DIR"] = pluginsDirectory
        variables["SKIRRET_DATABASE"] = database
        variables["SKIRRET_BROKER_URL"] = brokerURL
        variables["SKIRRET_BROKER_OPTIONS"] = brokerOptions
        if let backendURL {
            variables["SKIRRET_BACKEND_URL"] = backendURL
            variables["SKIRRET_BACKEND_OPTIONS"] = backendOptions
        }
        variables["SKIRRET_DATA_DIR"] = dataDirectory
        return variables.merging(addedVariables) { own, _ in own }
    }

    /// Starts `python -m module` with the given descriptors as 0, 1, 2, … Blocks for fork and execute.
    func start(
        module: String, arguments: [String] = [], descriptors: [Int32], on loop: any EventLoop
    ) throws(PluginError) -> ChildProcess {
        do {
            try FileManager.default.createDirectory(atPath: dataDirectory, withIntermediateDirectories: true)
            return try ChildProcess.start(
                executable, arguments: ["-m", module] + arguments, environment: variables,
                workingDirectory: dataDirectory, descriptors: descriptors, on: loop)
        } catch {
            throw PluginError(
                .unavailable, message: "Python cannot be started: \(error).",
                hint: "Does \(executable) exist, with Django and Celery installed? deploy/up makes it.")
        }
    }
}

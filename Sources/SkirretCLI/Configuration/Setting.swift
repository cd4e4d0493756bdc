/// One key of the configuration, with its three spellings.
///
/// As a flag `--data-dir`, in the environment `SKIRRET_DATA_DIR`, in the file `data-dir:`.
struct Setting: Sendable, Hashable {
    /// The flag without its dashes, and the key in the file.
    let name: String
    let variable: String
    /// Shown by `doctor --config`; nil when the value is worked out.
    let fallback: String?
    let isSecret: Bool

    init(_ name: String, variable: String, fallback: String?, isSecret: Bool = false) {
        self.name = name
        self.variable = variable
        self.fallback = fallback
        self.isSecret = isSecret
    }

    static let host = Setting("host", variable: "SKIRRET_HOST", fallback: "127.0.0.1")
    static let port = Setting("port", variable: "SKIRRET_PORT", fallback: "9191")
    static let dataDirectory = Setting("data-dir", variable: "SKIRRET_DATA_DIR", fallback: "data")
    static let redisURL = Setting("redis-url", variable: "SKIRRET_REDIS_URL", fallback: nil, isSecret: true)
    static let backendURL = Setting("backend-url", variable: "SKIRRET_BACKEND_URL", fallback: nil, isSecret: true)
    static let keyPrefix = Setting("key-prefix", variable: "SKIRRET_KEY_PREFIX", fallback: "")
    static let pluginsDirectory = Setting("plugins-dir", variable: "DISPATCHARR_PLUGINS_DIR", fallback: nil)
    static let adminToken = Setting("admin-token", variable: "SKIRRET_ADMIN_TOKEN", fallback: nil, isSecret: true)
    static let python = Setting("python", variable: "SKIRRET_PYTHON", fallback: nil)
    static let logLevel = Setting("log-level", variable: "SKIRRET_LOG_LEVEL", fallback: "info")
    static let concurrency = Setting("worker-concurrency", variable: "SKIRRET_WORKER_CONCURRENCY", fallback: "4")
    static let queues = Setting("worker-queues", variable: "SKIRRET_WORKER_QUEUES", fallback: "celery,dvr")
    static let trustedOrigins = Setting("trusted-origins", variable: "SKIRRET_TRUSTED_ORIGINS", fallback: "")

    static let trustedProxies = Setting("trusted-proxies", variable: "SKIRRET_TRUSTED_PROXIES", fallback: "")

    static let safeMode = Setting("safe-mode", variable: "SKIRRET_SAFE_MODE", fallback: "off")
    static let pluginSandbox = Setting("plugin-sandbox", variable: "SKIRRET_PLUGIN_SANDBOX", fallback: "on")
    static let pluginUnconfined = Setting("plugin-unconfined", variable: "SKIRRET_PLUGIN_UNCONFINED", fallback: "")
    static let pluginOffline = Setting("plugin-offline", variable: "SKIRRET_PLUGIN_OFFLINE", fallback: "")
    static let pluginPaths = Setting("plugin-paths", variable: "SKIRRET_PLUGIN_PATHS", fallback: "")
    static let pluginRedisURL = Setting(
        "plugin-redis-url", variable: "SKIRRET_PLUGIN_REDIS_URL", fallback: nil, isSecret: true)
    static let pluginMemory = Setting("plugin-memory", variable: "SKIRRET_PLUGIN_MEMORY", fallback: "512")

    static let ledgerDays = Setting("ledger-days", variable: "SKIRRET_LEDGER_DAYS", fallback: "30")
    static let ledgerTasks = Setting("ledger-tasks", variable: "SKIRRET_LEDGER_TASKS", fallback: "1000000")
    static let ledgerMegabytes = Setting("ledger-megabytes", variable: "SKIRRET_LEDGER_MEGABYTES", fallback: "2048")

    static let all: [Setting] =
        [
            host, port, dataDirectory, redisURL, backendURL, keyPrefix, pluginsDirectory, adminToken, python, logLevel,
            concurrency,
            queues,
            trustedOrigins, trustedProxies, ledgerDays, ledgerTasks, ledgerMegabytes, safeMode,
        ] + plugins

    /// What plugins may do; ``PluginSettings`` says what each means.
    static let plugins: [Setting] = [
        pluginSandbox, pluginUnconfined, pluginOffline, pluginPaths, pluginMemory, pluginRedisURL,
    ]
}

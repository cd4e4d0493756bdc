public import Foundation

/// Where the API listens and what it serves.
///
/// Reading it from flags and files is the executable's affair.
public struct APIConfiguration: Sendable {
    /// Name or address to listen on.
    ///
    /// Default `127.0.0.1`: nobody but this machine.
    public var host = "127.0.0.1"
    /// 0 lets the system choose.
    ///
    /// Default 9191.
    public var port = 9191
    /// Holds `uploads/`.
    public var dataFolder: URL
    /// The bearer token with all rights.
    ///
    /// Secret.
    public var adminToken: String
    /// Signs access and refresh tokens; at least 32 bytes.
    ///
    /// Secret. By default a new one: tokens then end with the process, and other processes refuse them.
    public var signingKey = [UInt8].random(32)
    /// Whether `/ws/` is served here too.
    public var isRelayMounted = true
    /// Further origins a browser may come from, `https://name[:port]`, when a proxy stands before us.
    public var trustedOrigins: Set<String> = []
    /// Proxies whose `X-Real-IP` and `X-Forwarded-For` are believed.
    ///
    /// Nobody's by default: whoever reaches us directly could write anything there.
    public var trustedProxies: [NetworkRange] = []
    /// How long a run or a resource is waited for before the caller gets 202 and the task's id.
    ///
    /// 65 s: a little more than a plugin's own limit, so that its explanation is what the caller gets.
    public var runDeadline: Duration = .seconds(65)
    /// Bytes of one uploaded file.
    ///
    /// 200 MiB, as Dispatcharr allows for an archive.
    public var uploadBytes = 200 * 1024 * 1024
    /// What one credential may change: 100 at once, 50 a second.
    var changes = ChangeRate(burst: 100, perSecond: 50)
    /// How much patience one connection gets.
    var connectionLimits = ConnectionLimits()
    /// Rounds of PBKDF2 for new passwords; what is stored says how many it had.
    var passwordIterations = PasswordHash.currentIterations
    /// The web app's files; by default those shipped with this target.
    public var webFolder: URL

    var uploadsFolder: URL { dataFolder.appending(path: "uploads") }
    /// What was uploaded for plugins' settings, a folder for each plugin; the plugins' sandbox knows the name.
    var pluginFilesFolder: URL { dataFolder.appending(path: "plugin-files") }

    /// Everything else has a default.
    public init(dataFolder: URL, adminToken: String) {
        self.dataFolder = dataFolder
        self.adminToken = adminToken
        self.webFolder = Bundle.module.resourceURL?.appending(path: "Web") ?? dataFolder.appending(path: "web")
    }
}

import CeleryProtocol
import FoundationEssentials
import Logging
import NIOCore
import Synchronization

/// Asks Schedules Direct's JSON service.
///
/// [API 20141201](https://github.com/SchedulesDirect/JSON-Service/wiki/API-20141201): a log-in gives a token, every
/// other question carries it. What is wrong is said by a number in the answer, whatever its HTTP status.
struct DirectServer: Sendable {
    let base: String
    let options: Download.Options
    let logger: Logger
    var token: String?

    init(base: String, options: Download.Options, logger: Logger) {
        self.base = base
        self.options = options
        self.logger = logger
    }

    /// Logs in.
    ///
    /// - Returns: Until when the log-in is good, where the service says so.
    /// - Throws: ``DirectRefusal`` with the service's number, `DownloadError`, `RefreshError`.
    mutating func logIn(username: String, passwordDigest: String) async throws -> Date? {
        let answer = try await ask(
            "token", ["username": .string(username), "password": .string(passwordDigest)])
        if let refusal = DirectRefusal(answer) { throw refusal }
        guard let token = answer["token"]?.string, !token.isEmpty else {
            throw RefreshError(code: .content, message: "Schedules Direct returned no token.")
        }
        self.token = token
        return answer["tokenExpires"].flatMap(XtreamStream.number).map { Date(timeIntervalSince1970: Double($0)) }
    }

    /// A short answer, 16 MiB at the most.
    func ask(_ path: String, _ question: JSONValue? = nil) async throws -> JSONValue {
        let body = Mutex<[UInt8]>([])
        let decompressor = Decompressor(limits: Self.limits)
        var bytes: [UInt8] = []
        try await fetch(path, question, maximumBytes: 16 << 20) { piece in
            body.withLock { $0.append(contentsOf: piece.readableBytesView) }
        }
        try decompressor.decompress(body.withLock { $0 }) { bytes.append(contentsOf: $0) }
        try decompressor.finish { bytes.append(contentsOf: $0) }
        do { return try JSONValue(parsing: bytes) } catch {
            throw RefreshError(code: .content, message: "Schedules Direct's answer to \(path) is no JSON.")
        }
    }

    private static let limits: Decompressor.Limits = {
        var limits = Decompressor.Limits()
        limits.totalBytes = 64 << 20
        return limits
    }()

    /// A long list, element by element; one of them is held at a time, and those of one piece.
    func list(
        _ path: String, _ question: JSONValue, _ take: @escaping @Sendable ([JSONObject]) async throws -> Void
    ) async throws {
        let bench = ParserBench(ListReader())
        try await fetch(path, question, maximumBytes: options.maximumBytes) { piece in
            let objects = try await bench.work { try $0.read(piece) }
            if !objects.isEmpty { try await take(objects) }
        }
        let rest = try await bench.work { try $0.finish(path) }
        if !rest.isEmpty { try await take(rest) }
    }

    private func fetch(
        _ path: String, _ question: JSONValue?, maximumBytes: Int,
        _ take: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) async throws {
        var options = options
        options.maximumBytes = maximumBytes
        options.question = question?.encoded()
        if let token { options.headers.append(("token", token)) }
        do {
            try await Download(options: options, logger: logger).run(.web("\(base)/\(path)"), receive: take)
        } catch let error as DownloadError {
            throw DirectRefusal(saidIn: error.serverMessage) ?? error
        }
    }

    private struct ListReader {
        private let decompressor = Decompressor(limits: .init())
        private var splitter = JSONArraySplitter()

        mutating func read(_ buffer: ByteBuffer) throws -> [JSONObject] {
            var objects: [JSONObject] = []
            try buffer.withUnsafeReadableBytes { bytes in
                try decompressor.decompress(bytes) { try split($0, &objects) }
            }
            return objects
        }

        mutating func finish(_ path: String) throws -> [JSONObject] {
            var objects: [JSONObject] = []
            try decompressor.finish { try split($0, &objects) }
            do { try splitter.finish() } catch {
                throw RefreshError(
                    code: .content, message: "Schedules Direct's answer to \(path) is no whole list.")
            }
            return objects
        }

        private mutating func split(_ bytes: UnsafeRawBufferPointer, _ objects: inout [JSONObject]) throws {
            do {
                // What is no object says nothing that could be used.
                try splitter.split(bytes) { element in
                    if let object = (try? JSONValue(parsing: element))?.object { objects.append(object) }
                }
            } catch is JSONArraySplitter.Fault {
                throw RefreshError(code: .content, message: "Schedules Direct's answer is no list.")
            }
        }
    }
}

/// What Schedules Direct refuses a question with.
struct DirectRefusal: Error, Equatable {
    /// As its documentation lists them.
    let code: Int
    /// In its own words, at most 200 characters.
    let said: String

    /// Nil for an answer that is none.
    init?(_ answer: JSONValue) {
        guard let code = answer["code"].flatMap(XtreamStream.number), code != 0 else { return nil }
        self.code = code
        said = String((answer["message"]?.string ?? answer["response"]?.string ?? "").prefix(200))
    }

    /// From the beginning of an error's page.
    init?(saidIn text: String) {
        if let answer = try? JSONValue(parsing: text) {
            self.init(answer)
        } else if let found = text.firstMatch(of: #/"code"\s*:\s*(\d{1,6})/#), let code = Int(found.output.1), code != 0
        {
            self.init(["code": .int(code)])
        } else {
            return nil
        }
    }

    /// No lineup was chosen for the account.
    static let noLineups = 4102

    /// Whether to come back later, without anything being wrong with the account.
    var isSoft: Bool { code == 3000 || code == 3001 }

    /// Whether it is the token that is no good: missing, expired or unknown; a new log-in mends that.
    var isAboutToken: Bool { code == 1004 || code == 4003 || code == 4006 }

    /// For how long the service must not be asked to log in again; nil: there is no such rule for this.
    ///
    /// Whoever goes on all the same is shut out.
    var lockout: Duration? {
        switch code {
        case 4004: .seconds(900)
        case 3000, 3001: .seconds(3600)
        case 4001, 4002, 4003, 4005, 4007, 4008, 4009, 4010: .seconds(86_400)
        default: nil
        }
    }

    /// What people read.
    var message: String {
        switch code {
        case 3000: "Schedules Direct is offline for maintenance. Do not retry for at least 1 hour."
        case 3001: "Schedules Direct is busy. Stop requesting and retry later."
        case 4001: "Schedules Direct: account has expired. Please renew your subscription at schedulesdirect.org."
        case 4002: "Schedules Direct: invalid password hash. Check that credentials are stored correctly."
        case 4003: "Schedules Direct: invalid username or password."
        case 4004:
            "Schedules Direct: account locked due to too many failed login attempts. Try again in 15 minutes."
        case 4005: "Schedules Direct: JSON API access is disabled for this account. Contact Schedules Direct support."
        case 4007: "Schedules Direct: this application is not authorized."
        case 4008: "Schedules Direct: account is inactive. Please log in to schedulesdirect.org to reactivate."
        case 4009: "Schedules Direct: too many login attempts in 24 hours. Check for misconfiguration."
        case 4010: "Schedules Direct: too many unique IP addresses in 24 hours. Avoid VPNs or multiple locations."
        case Self.noLineups: DirectMessages.noLineups
        default: "Schedules Direct refuses (code \(code))" + (said.isEmpty ? "." : ": \(said)")
        }
    }
}

/// What people read about a refresh from Schedules Direct.
enum DirectMessages {
    static let missing = "Schedules Direct source requires both a username and password."
    static let noLineups =
        "No lineups configured. Use the Manage Lineups option in the EPG source settings to add a lineup."
    static let noRetry =
        "Not retrying Schedules Direct authentication until the username or password is updated, or the cooldown expires."
    static let offline = "Schedules Direct system is currently offline. Do not retry for at least 1 hour."
    static let noStations = "No stations found across all Schedules Direct lineups."
    static let unchanged = "No schedule changes detected. Guide data is up to date."
    static let noData = "No schedule data returned from Schedules Direct."

    static func tooSoon(_ elapsed: Double) -> String {
        "Schedules Direct refresh skipped. Minimum 2-hour interval not reached. Last refreshed \(Int(elapsed / 60)) "
            + "minutes ago. Please wait \(max(1, Int((7200 - elapsed) / 60))) more minute(s)."
    }

    static func stations(_ count: Int) -> String {
        "\(count) stations loaded from Schedules Direct. Run Auto-match EPG to map your channels, then use the Refresh "
            + "button to populate guide data."
    }

    static func unmapped(_ count: Int) -> String {
        "\(count) lineup stations synced. Map channels to EPG entries, then refresh to populate guide data."
    }

    static func fetched(_ programmes: Int, stations: Int) -> String {
        "Successfully fetched \(grouped(programmes)) programs for \(stations) mapped stations from Schedules Direct."
    }
}

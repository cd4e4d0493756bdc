/// What is said on every new connection before it carries commands: log in, name, database, its role where sentinels
/// named it, and a PING, which shows that Redis is awake and not still loading.
struct Greeting {
    enum Verdict: Equatable {
        case more
        case ready
        /// `isFinal`: trying again cannot help before somebody changes something.
        case refused(RedisError, isFinal: Bool)
    }

    private enum Part: String {
        case logIn = "AUTH"
        case name = "CLIENT SETNAME"
        case database = "SELECT"
        case role = "ROLE"
        case ping = "PING"

        func consents(_ reply: RedisValue) -> Bool {
            switch self {
            case .ping: reply == .status("PONG")
            case .role: reply.array?.first?.string != nil
            case .logIn, .name, .database: reply == .status("OK")
            }
        }
    }

    let commands: [RedisCommand]
    private var expected: [Part]

    init(url: RedisURL, clientName: String?) {
        var said: [(Part, RedisCommand)] = []
        if let password = url.password {
            let arguments = (url.username.map { [RedisArgument($0)] } ?? []) + [RedisArgument(password)]
            said.append((.logIn, RedisCommand("AUTH", arguments: arguments)))
        }
        if let clientName { said.append((.name, RedisCommand("CLIENT", "SETNAME", .init(clientName)))) }
        if url.database != 0 { said.append((.database, RedisCommand("SELECT", .init(url.database)))) }
        if case .sentinel = url.address { said.append((.role, RedisCommand("ROLE"))) }
        said.append((.ping, RedisCommand("PING")))
        commands = said.map(\.1)
        expected = said.map(\.0).reversed()
    }

    mutating func heard(_ reply: RedisValue) -> Verdict {
        guard let part = expected.popLast() else {
            return .refused(Self.unasked, isFinal: false)
        }
        if let text = reply.error, let refusal = Self.refusal(of: part, text) { return refusal }
        if reply.error == nil, !part.consents(reply) { return .refused(Self.unasked, isFinal: false) }
        if part == .role, let role = reply.array?.first?.string, role != "master" {
            return .refused(Self.noMaster(role), isFinal: false)
        }
        return expected.isEmpty ? .ready : .more
    }

    private static func refusal(of part: Part, _ text: String) -> Verdict? {
        let error = RedisError(reply: text, to: part.rawValue)
        if error.code == .loading || error.code == .busy || error.code == .tooManyClients {
            return .refused(error, isFinal: false)
        }
        switch part {
        case .logIn:
            // AUTH's complaints have no kind of their own when no password is configured.
            return .refused(
                RedisError(
                    .authentication, error.message, hint: "Correct the user name and password in the Redis URL."),
                isFinal: true)
        case .database: return .refused(error, isFinal: true)
        case .ping where text.hasPrefix("NOAUTH"):
            return .refused(
                RedisError(.authentication, error.message, hint: "Put the password into the Redis URL."), isFinal: true)
        // A user who may not name itself, tell its role or PING may still do its work.
        case .name, .role, .ping: return nil
        }
    }

    private static func noMaster(_ role: String) -> RedisError {
        RedisError(
            .noMaster, "the sentinels name it as the master, but it is a \(role)",
            hint: "A failover is under way, or the sentinels monitor the wrong server (SENTINEL MASTERS).")
    }

    private static let unasked = RedisError(
        .protocolViolation, "the server does not greet as Redis does",
        hint: "Does the URL name a Redis, and not another service?")
}

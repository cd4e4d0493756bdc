import HTTPTypes
import SkirretRedis

/// Slows guessing down, for all API processes together.
///
/// Three budgets, and an attempt comes out of all of them: of the account from this address, which is where a person
/// who forgot is stopped; of the address, for whoever tries many accounts; of the account from everywhere, for many
/// addresses. The last does not concern an address from which the person has signed in before: however hard
/// strangers try, nobody is locked out at home.
struct LoginThrottle: Sendable {
    private struct Budget {
        let key: String
        let burst: Int
        let interval: Duration

        var milliseconds: Int { Int(interval / .milliseconds(1)) }
    }

    /// How long an address stays known: 30 days after the last log-in from it.
    private static let knownSeconds = 30 * 86_400

    let redis: RedisClient

    /// Takes an attempt before anything is looked at: the right password gets it back.
    ///
    /// - Parameters:
    ///   - username: As it was typed.
    ///   - address: The peer's; of an IPv6 address the network, 64 bits, counts.
    /// - Returns: What to give back.
    /// - Throws: 429 with the seconds to wait; `RedisError`, because without its memory nobody is let in.
    func spend(username: String, address: String) async throws -> Attempt {
        var attempt = Attempt(username: username, address: address)
        attempt.isKnown = try await redis.send("EXISTS", RedisArgument(Keys.knownAddress(attempt.pair))).int == 1
        let budgets = Self.budgets(attempt)
        let wait =
            try await redis.run(
                Self.spendScript, keys: budgets.map(\.key),
                arguments: budgets.flatMap { [RedisArgument($0.burst), RedisArgument($0.milliseconds)] }
            ).int ?? 0
        guard wait > 0 else { return attempt }
        throw APIError(
            .tooManyRequests, code: "too_many_attempts", "Too many attempts to sign in.",
            hint: "Try again after the seconds in Retry-After.",
            headers: [.retryAfter: String(max(1, (wait + 999) / 1000))])
    }

    /// The password was right: the attempt was no guess, and the address is known from now on.
    func succeeded(_ attempt: Attempt) async throws {
        let budgets = Self.budgets(attempt)
        try await redis.run(
            Self.refundScript, keys: budgets.map(\.key), arguments: budgets.map { RedisArgument($0.milliseconds) })
        _ = try await redis.send(
            "SET", RedisArgument(Keys.knownAddress(attempt.pair)), "1", "EX", RedisArgument(Self.knownSeconds))
    }

    private static func budgets(_ attempt: Attempt) -> [Budget] {
        let here = [
            Budget(key: Keys.logins("pair:" + attempt.pair), burst: 6, interval: .seconds(10)),
            Budget(key: Keys.logins("address:" + attempt.address), burst: 30, interval: .seconds(4)),
        ]
        let everywhere = Budget(key: Keys.logins("account:" + attempt.account), burst: 60, interval: .seconds(20))
        return attempt.isKnown ? here : here + [everywhere]
    }

    static let spendScript = RedisScript(name: "spend_login", source: PackageResources.spend_login_lua)
    static let refundScript = RedisScript(name: "refund_login", source: PackageResources.refund_login_lua)

    /// One attempt to log in, under names of one length whatever was typed.
    struct Attempt: Sendable {
        let account: String
        let address: String
        let pair: String
        /// Whether the person has signed in from this address before.
        var isKnown = false

        init(username: String, address: String) {
            let network = Self.network(address)
            account = Self.name(username)
            self.address = Self.name(network)
            pair = Self.name(username + "\u{0}" + network)
        }

        private static func name(_ text: String) -> String {
            Array(Digest.sha256(Array(text.utf8)).prefix(16)).hexadecimal
        }

        /// Whoever has one IPv6 address has 2^64 of them.
        private static func network(_ address: String) -> String {
            IPAddress(address)?.network.hexadecimal ?? address
        }
    }
}

import Catalog
import Logging
import Relay
import Skirret
import SkirretRedis

/// Ends sockets whose people may listen no longer: a list of addresses, somebody's own networks, their account, their
/// session or their key has changed.
///
/// Every process with sockets is told of such changes at once. What nobody tells of, as when a plugin or an operator
/// writes into the database, is found within half a minute, and so is what was told while Redis could not be reached.
final class ListenerWatch: Sendable {
    /// Between two looks at what nobody tells of.
    private static let look = Duration.seconds(30)
    /// After a look that failed.
    private static let rest = Duration.seconds(1)

    private let gate: Gate
    private let hub: RelayHub
    private let redis: RedisClient
    private let subscriber: RedisSubscriber
    private let logger: Logger
    private let bell = Doorbell()

    init(gate: Gate, services: APIServices, logger: Logger) {
        self.gate = gate
        self.logger = logger
        hub = services.hub
        redis = services.redis
        subscriber = services.queue.subscriber
    }

    /// Tells every process that who may come in, or from where, has changed; call it once that is in the database.
    ///
    /// Never fails: those whom Redis cannot tell look by themselves.
    func changed() async {
        heard()
        do {
            _ = try await redis.send("PUBLISH", RedisArgument(Keys.accessChanges), "")
        } catch {
            logger.notice(
                "Other processes see the new access rights within half a minute", metadata: ["error": "\(error)"])
        }
    }

    /// Reviews all sockets after every change, until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listen() }
            while !Task.isCancelled {
                var pause = Self.look
                do {
                    try await review()
                } catch {
                    logger.info("Open sockets are reviewed later", metadata: ["error": "\(error)"])
                    pause = Self.rest
                }
                do { try await bell.wait(atMost: pause) } catch { break }
            }
            group.cancelAll()
        }
    }

    /// Judges everybody who listens now.
    ///
    /// - Throws: What the database throws.
    func review() async throws {
        gate.networks.forget()
        try await hub.review { [gate] listeners in try await gate.verdicts(on: listeners) }
    }

    private func heard() {
        gate.networks.forget()
        bell.ring()
    }

    private func listen() async {
        do {
            // Also when the connection is there again: what was told meanwhile was told to nobody.
            try await subscriber.withSubscription(channels: [Keys.accessChanges]) { messages in
                for try await _ in messages { heard() }
            }
        } catch {
            // Cancelled, or the subscriber was closed: this process ends.
        }
    }
}

extension Gate {
    /// What closes the sockets of those who may listen no longer; those who may are not in it.
    ///
    /// One reading of the lists, one of all sessions, and one of each listener's person.
    ///
    /// - Throws: What the database throws.
    func verdicts(on listeners: Set<RelayIdentity>) async throws -> [RelayIdentity: RelayCloseCode] {
        let rules = try await networks.rules()
        let digests = Set(listeners.compactMap { SessionID.digest(ofPublicName: $0.credential) })
        // try?: without Redis nobody can tell which sessions last, and they are looked at when it is back.
        let sessions = try? await authenticator.sessions.find(digests: Array(digests))
        var verdicts: [RelayIdentity: RelayCloseCode] = [:]
        for listener in listeners {
            verdicts[listener] = try await verdict(on: listener, rules, sessions)
        }
        return verdicts
    }

    private func verdict(
        on listener: RelayIdentity, _ rules: NetworkRules, _ sessions: [String: Session]?
    ) async throws -> RelayCloseCode? {
        if let address = listener.address, !rules.admits(IPAddress(address), by: .ui) { return .notAllowed }
        let digest = SessionID.digest(ofPublicName: listener.credential)
        if digest != nil, sessions == nil { return nil }
        let session = digest.flatMap { sessions?[$0] }
        guard let principal = try await authenticator.principal(of: listener, session: session),
            principal.level >= .standard, listener.topics.isSubset(of: principal.topics)
        else { return .unauthenticated }
        do {
            try listener.address.map { try networks.admit(principal, from: $0) }
        } catch {
            return .notAllowed
        }
        return nil
    }
}

extension Authenticator {
    /// The person behind a socket as they are now.
    ///
    /// Nil: what opened it counts no longer.
    fileprivate func principal(of listener: RelayIdentity, session: Session?) async throws -> Principal? {
        if SessionID.digest(ofPublicName: listener.credential) != nil {
            guard let session else { return nil }
            guard session.owner != .adminToken else { return .administrator() }
            return try await user(of: session).map { .user($0, .token) }
        }
        guard let stored = Principal.key(ofPublicName: listener.credential) else { return .administrator() }
        guard let user = try await user(withStoredKey: stored) else { return nil }
        return .user(user, .key(stored: stored))
    }
}

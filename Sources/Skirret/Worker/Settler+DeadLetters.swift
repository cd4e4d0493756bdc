import CeleryProtocol
import SkirretRedis

/// Dead messages, and those who wait for them.
///
/// The script that gives a message up also notes that nobody was told yet, so that no death and no lost answer between
/// that and the telling leaves a chord or a caller waiting for ever.
extension Settler {
    /// One message that was given up.
    struct DeadLetter: Sendable {
        /// The letter's; who waits is told under it, once.
        let id: String
        let task: TaskID
        let list: String
        let message: [UInt8]
        /// What those who wait are told.
        let failure: TaskFailure
    }

    /// Settles dead letters instead of claims.
    var ofLetters: Settler {
        var settler = self
        settler.ownership = .untoldLetter
        return settler
    }

    /// How many letters are taken over in one call.
    private static let slice = 100

    /// Takes over letters of which nobody was told in time, for ``WorkerOptions/sweep``.
    ///
    /// - Throws: `RedisError` when the broker did not answer; they are handed out again then, a moment later.
    func untoldLetters() async throws(RedisError) -> [DeadLetter] {
        let keys = queue.keys
        let reply = try await queue.redis.run(
            Scripts.retell, keys: [keys.untold, keys.untoldLetters],
            arguments: [.init(Self.slice), .init(options.sweep.milliseconds)])
        return (reply.array ?? []).compactMap { entry in
            guard let fields = entry.array, fields.count == 2, let id = fields[0].string, let stored = fields[1].bytes
            else { return nil }
            return DeadLetter(id: id, stored: stored)
        }
    }
}

extension Settler.DeadLetter {
    /// Reads a letter as the scripts write it: what is known, as JSON; a line feed; the message.
    init?(id: String, stored: [UInt8]) {
        guard let line = stored.firstIndex(of: UInt8(ascii: "\n")),
            // Ours by construction; another's is skipped, and forgotten after a while.
            let about = try? JSONValue(parsing: Array(stored[..<line]))
        else { return nil }
        let reason = about["reason"]?.string ?? ""
        let why = Settler.Restoration(rawValue: about["why"]?.string ?? "")
        self.init(
            id: id, task: TaskID(rawValue: about["task"]?.string ?? ""), list: about["queue"]?.string ?? "",
            message: Array(stored[(line + 1)...]),
            failure: why?.failure(because: reason) ?? .notRegistered(about["name"]?.string ?? ""))
    }
}

extension Settler.Restoration {
    /// What those are told who wait for a message that was given up for this.
    func failure(because reason: String) -> TaskFailure {
        self == .refused ? .builtin("ValueError", reason) : .workerLost(reason)
    }
}

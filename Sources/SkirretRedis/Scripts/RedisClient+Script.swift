extension RedisClient {
    /// Runs a script by its digest, loading it first where Redis does not know it.
    ///
    /// One round trip, two at first.
    ///
    /// - Throws: `RedisError`; an error that the script raised has the code of its first word.
    @discardableResult
    public func run(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument] = []
    ) async throws(RedisError) -> RedisValue {
        if let digest = script.knownDigest {
            let reply = try await pipeline([Self.evaluation(digest, keys, arguments)])
            if let value = try Self.result(of: reply.last, script) { return value }
        }
        // Somebody may flush the scripts between our load and our call; three times in a row is no accident.
        for _ in 0..<3 {
            let digest = try await load(script)
            let reply = try await pipeline([Self.evaluation(digest, keys, arguments)])
            if let value = try Self.result(of: reply.last, script) { return value }
        }
        throw RedisError(
            .reply("NOSCRIPT"), "\(script): Redis forgets it as soon as it is loaded",
            hint: "Who calls SCRIPT FLUSH all the time?")
    }

    private func load(_ script: RedisScript) async throws(RedisError) -> String {
        let reply = try await pipeline([RedisCommand("SCRIPT", "LOAD", .init(script.source))])
        if let text = reply.first?.error { throw RedisError(reply: text, to: "\(script), SCRIPT LOAD") }
        guard let digest = reply.first?.string else {
            throw RedisError(
                .protocolViolation, "\(script): SCRIPT LOAD answered no digest",
                hint: "Is something between us and Redis that changes replies?")
        }
        script.knownDigest = digest
        return digest
    }

    private static func evaluation(
        _ digest: String, _ keys: [String], _ arguments: [RedisArgument]
    ) -> RedisCommand {
        var all: [RedisArgument] = []
        all.reserveCapacity(2 + keys.count + arguments.count)
        all.append(.init(digest))
        all.append(.init(keys.count))
        for key in keys { all.append(.init(key)) }
        all.append(contentsOf: arguments)
        return RedisCommand("EVALSHA", arguments: all)
    }

    /// The script's result, or nil when Redis does not know the script.
    private static func result(of reply: RedisValue?, _ script: RedisScript) throws(RedisError) -> RedisValue? {
        guard let text = reply?.error else { return reply }
        if text.hasPrefix("NOSCRIPT") { return nil }
        throw RedisError(reply: text, to: "\(script)")
    }
}

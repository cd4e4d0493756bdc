extension RedisClient {
    /// Runs a script by its digest, loading it first where Redis does not know it.
    ///
    /// One round trip; two when somebody flushed the scripts since.
    ///
    /// - Throws: `RedisError`; an error that the script raised has the code of its first word.
    @discardableResult
    public func run(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument] = []
    ) async throws(RedisError) -> RedisValue {
        try await run(script, keys: keys, arguments: arguments, deadline: nil)
    }

    /// As the other `run`, with a deadline of its own for each round trip.
    @discardableResult
    package func run(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument], deadline: Duration?
    ) async throws(RedisError) -> RedisValue {
        let digest = if let known = script.knownDigest { known } else { try await learnDigest(of: script) }
        let evalsha = script.call("EVALSHA", digest, keys: keys, arguments: arguments)
        if let value = try await result(of: evalsha, script, deadline) { return value }
        try await load(script)
        if let value = try await result(of: evalsha, script, deadline) { return value }
        // Flushed even between those two: EVAL carries the text and cannot miss.
        let eval = script.call("EVAL", script.source, keys: keys, arguments: arguments)
        return try await result(of: eval, script, deadline) ?? .null
    }

    private func learnDigest(of script: RedisScript) async throws(RedisError) -> String {
        let digest = try await load(script)
        script.knownDigest = digest
        return digest
    }

    @discardableResult
    private func load(_ script: RedisScript) async throws(RedisError) -> String {
        var command = RedisCommand("SCRIPT", "LOAD", .init(script.source))
        command.isRepeatable = true
        let reply = try await answer(to: command)
        if let text = reply.error { throw RedisError(reply: text, to: "\(script), SCRIPT LOAD") }
        guard let digest = reply.string else {
            throw RedisError(
                .protocolViolation, "\(script): SCRIPT LOAD answered no digest",
                hint: "Is something between us and Redis that changes replies?")
        }
        return digest
    }

    /// The script's result, or nil when Redis does not know the script.
    private func result(
        of command: RedisCommand, _ script: RedisScript, _ deadline: Duration?
    ) async throws(RedisError) -> RedisValue? {
        let reply = try await answer(to: command, deadline: deadline)
        guard let text = reply.error else { return reply }
        if text.hasPrefix("NOSCRIPT") { return nil }
        throw RedisError(reply: text, to: "\(script)")
    }
}

extension RedisScript {
    /// The call as a command for a pipeline; nil while nobody has run the script.
    ///
    /// Where Redis does not know the script any more, the answer is a `NOSCRIPT` error.
    package func command(keys: [String], arguments: [RedisArgument]) -> RedisCommand? {
        knownDigest.map { call("EVALSHA", $0, keys: keys, arguments: arguments) }
    }

    fileprivate func call(
        _ name: String, _ text: String, keys: [String], arguments: [RedisArgument]
    ) -> RedisCommand {
        var all: [RedisArgument] = []
        all.reserveCapacity(2 + keys.count + arguments.count)
        all.append(.init(text))
        all.append(.init(keys.count))
        for key in keys { all.append(.init(key)) }
        all.append(contentsOf: arguments)
        var command = RedisCommand(name, arguments: all)
        command.isRepeatable = isRepeatable
        return command
    }
}

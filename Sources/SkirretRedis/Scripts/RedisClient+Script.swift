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
        let digest = if let known = script.knownDigest { known } else { try await learnDigest(of: script) }
        func call(_ name: String, _ text: String) -> RedisCommand {
            var all: [RedisArgument] = []
            all.reserveCapacity(2 + keys.count + arguments.count)
            all.append(.init(text))
            all.append(.init(keys.count))
            for key in keys { all.append(.init(key)) }
            all.append(contentsOf: arguments)
            var command = RedisCommand(name, arguments: all)
            command.isRepeatable = script.isRepeatable
            return command
        }
        let evalsha = call("EVALSHA", digest)
        if let value = try await result(of: evalsha, script) { return value }
        try await load(script)
        if let value = try await result(of: evalsha, script) { return value }
        // Flushed even between those two: EVAL carries the text and cannot miss.
        return try await result(of: call("EVAL", script.source), script) ?? .null
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
    private func result(of command: RedisCommand, _ script: RedisScript) async throws(RedisError) -> RedisValue? {
        let reply = try await answer(to: command)
        guard let text = reply.error else { return reply }
        if text.hasPrefix("NOSCRIPT") { return nil }
        throw RedisError(reply: text, to: "\(script)")
    }
}

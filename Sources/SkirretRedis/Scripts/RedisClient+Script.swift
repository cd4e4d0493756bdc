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
        let tail = [RedisArgument(keys.count)] + keys.map { RedisArgument($0) } + arguments
        let digest = try await digest(of: script)
        let call = RedisCommand("EVALSHA", arguments: [.init(digest)] + tail)
        let first = try await pipeline([call])
        if let value = try Self.result(of: first.last, script) { return value }
        let second = try await pipeline([RedisCommand("SCRIPT", "LOAD", .init(script.source)), call])
        if let value = try Self.result(of: second.last, script) { return value }
        // Flushed even between those two: EVAL carries the text and cannot miss.
        let third = try await pipeline([RedisCommand("EVAL", arguments: [.init(script.source)] + tail)])
        return try Self.result(of: third.last, script) ?? .null
    }

    private func digest(of script: RedisScript) async throws(RedisError) -> String {
        if let digest = script.knownDigest { return digest }
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

    /// The script's result, or nil when Redis does not know the script.
    private static func result(of reply: RedisValue?, _ script: RedisScript) throws(RedisError) -> RedisValue? {
        guard let text = reply?.error else { return reply }
        if text.hasPrefix("NOSCRIPT") { return nil }
        throw RedisError(reply: text, to: "\(script)")
    }
}

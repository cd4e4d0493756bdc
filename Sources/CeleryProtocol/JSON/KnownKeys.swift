/// The keys of Celery's messages, ready to be used.
///
/// A message has some forty keys, always the same: the parser takes them from here instead of making each anew.
enum KnownKeys {
    /// By their length in bytes.
    private static let byLength: [[(bytes: StaticString, text: String)]] = {
        let keys: [(StaticString, String)] = [
            ("id", "id"), ("body", "body"), ("lang", "lang"), ("task", "task"), ("eta", "eta"), ("group", "group"),
            ("chain", "chain"), ("chord", "chord"), ("shadow", "shadow"), ("origin", "origin"), ("stamps", "stamps"),
            ("headers", "headers"), ("expires", "expires"), ("retries", "retries"), ("root_id", "root_id"),
            ("exchange", "exchange"), ("priority", "priority"), ("errbacks", "errbacks"), ("reply_to", "reply_to"),
            ("argsrepr", "argsrepr"), ("parent_id", "parent_id"), ("timelimit", "timelimit"),
            ("callbacks", "callbacks"), ("properties", "properties"), ("kwargsrepr", "kwargsrepr"),
            ("group_index", "group_index"), ("routing_key", "routing_key"), ("content-type", "content-type"),
            ("delivery_tag", "delivery_tag"), ("ignore_result", "ignore_result"), ("delivery_mode", "delivery_mode"),
            ("delivery_info", "delivery_info"), ("body_encoding", "body_encoding"),
            ("correlation_id", "correlation_id"), ("stamped_headers", "stamped_headers"),
            ("content-encoding", "content-encoding"), ("replaced_task_nesting", "replaced_task_nesting"),
        ]
        var byLength = [[(bytes: StaticString, text: String)]](repeating: [], count: 22)
        for (bytes, text) in keys { byLength[bytes.utf8CodeUnitCount].append((bytes, text)) }
        return byLength
    }()

    /// The key that these bytes spell; nil when it is none of Celery's.
    static func key(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard let start = bytes.baseAddress, bytes.count < byLength.count else { return nil }
        for known in byLength[bytes.count] {
            var index = 0
            while index < bytes.count, known.bytes.utf8Start[index] == start[index] { index += 1 }
            if index == bytes.count { return known.text }
        }
        return nil
    }
}

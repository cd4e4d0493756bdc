import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

/// The glance at a message and the whole decoding of it must never say different things.
@Suite("Script: envelope", .serialized) struct EnvelopeScriptTests {
    /// What both ways see: id, and id and name as JSON texts; empty when they see nothing.
    private struct Sight: Equatable {
        let glance: [String]
        let read: [String]
    }

    private static let both = RedisScript(
        name: "both ways",
        source: PackageResources.envelope_lua
            + Array(
                """

                local sights = {}
                for i, message in ipairs(ARGV) do
                    sights[i] = { { envelope.glance(message) }, { envelope.read(message) } }
                end
                return sights
                """.utf8))

    private func look(at messages: [[UInt8]], _ bench: ScriptBench) async throws -> [Sight] {
        let reply = try await bench.redis.run(Self.both, keys: [], arguments: messages.map { .init($0) })
        return (reply.array ?? []).map { pair in
            func texts(_ index: Int) -> [String] { pair.array?[index].array?.compactMap(\.string) ?? [] }
            return Sight(glance: texts(0), read: texts(1))
        }
    }

    private static func message(_ task: String, id: String, queue: String = "celery") -> TaskMessage {
        TaskMessage(
            task: task, id: TaskID(rawValue: id), args: [1, "a \"quoted\" text", nil], kwargs: ["k": [2.5, "ü"]],
            queue: QueueName(rawValue: queue))
    }

    private static let uuid = "cd6c9702-1860-46e2-aadf-de445de44b8e"

    /// Laid out as Python writes JSON: a blank after every comma and colon between values.
    private static func asPython(_ message: [UInt8]) -> [UInt8] {
        var spaced: [UInt8] = []
        var isText = false
        var isEscaped = false
        for byte in message {
            spaced.append(byte)
            if byte == UInt8(ascii: "\""), !isEscaped { isText.toggle() }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            if !isText, byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":") { spaced.append(UInt8(ascii: " ")) }
        }
        return spaced
    }

    @Test func `what Celery and we write needs no more than a glance`() async throws {
        let ours = Self.message("samples.add", id: Self.uuid).encoded()
        let sight = [Self.uuid, "\"\(Self.uuid)\"", "\"samples.add\""]
        try await ScriptBench.run { bench in
            let sights = try await look(at: [ours, Self.asPython(ours)], bench)
            #expect(sights == Array(repeating: Sight(glance: sight, read: sight), count: 2))
        }
    }

    @Test func `what a glance cannot tell for sure is decoded`() async throws {
        var retried = Self.message("t", id: Self.uuid)
        retried.headers.redelivered = true
        var other = Self.message("t", id: Self.uuid)
        other.headers = TaskHeaders(fields: ["id": .string(Self.uuid), "task": "t"])
        var tagged = Self.message("t", id: Self.uuid)
        tagged.properties.deliveryTag = DeliveryTag(rawValue: "short")
        let messages = [
            Self.message("täsk \"1\"", id: "a"), Self.message("t", id: "line\nbreak"), Self.message("t", id: "a/b\\c"),
            Self.message("t", id: "a", queue: String(repeating: "long", count: 100)), other, tagged,
        ]
        try await ScriptBench.run { bench in
            let sights = try await look(at: messages.map { $0.encoded() }, bench)
            for (message, sight) in zip(messages, sights) {
                #expect(sight.glance.isEmpty)
                #expect(sight.read.first == message.headers.id.rawValue)
            }
            // Back from another worker it is laid out as before, with more at its end.
            #expect(try await look(at: [retried.encoded()], bench)[0].read.first == Self.uuid)
        }
    }

    @Test func `of what was tampered with a glance says what decoding says, or the worker refuses it`() async throws {
        var random = Repeatable(state: 1)
        let ours = Self.message("samples.add", id: Self.uuid).encoded()
        var messages: [[UInt8]] = []
        for original in [ours, Self.asPython(ours)] {
            for _ in 0..<1500 { messages.append(Self.tampered(original, &random)) }
        }
        try await ScriptBench.run { [messages] bench in
            var glances = 0
            for start in stride(from: 0, to: messages.count, by: 500) {
                let slice = Array(messages[start..<min(start + 500, messages.count)])
                for (message, sight) in zip(slice, try await look(at: slice, bench)) where !sight.glance.isEmpty {
                    glances += 1
                    let isRefused = (try? TaskMessage(decoding: message)) == nil  // the only question here
                    #expect(sight.glance == sight.read || isRefused, "\(String(decoding: message, as: UTF8.self))")
                }
            }
            // Most damage lies elsewhere than where a glance looks.
            #expect(glances > 300)
        }
    }

    /// One to three bytes gone, doubled, replaced, or cut off.
    private static func tampered(_ original: [UInt8], _ random: inout Repeatable) -> [UInt8] {
        var bytes = original
        let interesting = Array("\"\\{}[],: 0n\n\0é".utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0: bytes.removeLast(bytes.count - max(1, at))
            case 1..<7: bytes.remove(at: at)
            case 7..<13: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: at)
            default: bytes[at] = interesting.randomElement(using: &random) ?? 0
            }
            if bytes.isEmpty { return original }
        }
        return bytes
    }
}

/// Random numbers that are the same in every run.
private struct Repeatable: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}

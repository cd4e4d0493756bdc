import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import Skirret

/// `/api/dead/`: what was given up, why, and how to send it again.
struct DeadRoutes: Routes {
    let services: APIServices
    private let path = "/api/dead"
    /// Letters that one request looks at.
    ///
    /// Ten round trips; who has more of them has a cause to mend first.
    private static let most = 10_000

    var endpoints: [Endpoint] {
        [
            .get(path, .admin, list).described("Dead letters, newest first, and what they have in common", .dead) {
                $0.query =
                    Self.filters + [
                        .init("limit", Schema.integer(1...500), "How many letters; 100 unless told otherwise.")
                    ]
                $0.answers[200] = Schema.answer([
                    "letters": Schema.list(of: Schema.ref("DeadLetter")), "groups": Schema.list(of: Schema.anyObject),
                    "total": Schema.integer,
                ])
                $0.isPolled()
            },
            .get("\(path)/:id", .admin, show).described("One dead letter with its message", .dead) {
                $0.answers[200] = Schema.ref("DeadLetter")
            },
            .post("\(path)/:id/replay", .admin, replayOne).described(
                "Send a dead letter again, as it is or mended", .dead
            ) {
                $0.body = Schema.object([
                    "args": Schema.anyList, "kwargs": Schema.anyObject, "task": CallReader.taskName,
                    "queue": CallReader.queueName,
                ])
                $0.answers[202] = Schema.success(["replayed": Schema.integer])
            },
            .delete("\(path)/:id", .admin, discardOne).described("Discard a dead letter", .dead) {
                $0.answers[204] = .null
            },
            .post("\(path)/replay", .admin, replayMany).described("Send many dead letters again, at a rate", .dead) {
                $0.details = """
                    Those that match all of what is named; "all": true for every one. With "rate" they go into the schedule, one \
                    after the other, so that the waiting needs no process. "dry_run" only counts.
                    """
                $0.body = Schema.object(
                    Self.choice.merging([
                        "rate": ["type": "number", "exclusiveMinimum": 0, "maximum": 10_000],
                        "queue_to": CallReader.queueName,
                        "dry_run": Schema.flag,
                    ]), needsOneOf: Self.choosing)
                $0.needsBody = true
                $0.answers[202] = Schema.success([
                    "matched": Schema.integer, "replayed": Schema.integer, "seconds": Schema.number,
                ])
            },
            .post("\(path)/discard", .admin, discardMany).described("Discard many dead letters", .dead) {
                $0.body = Schema.object(Self.choice.merging(["dry_run": Schema.flag]), needsOneOf: Self.choosing)
                $0.needsBody = true
                $0.answers[200] = Schema.success(["matched": Schema.integer, "discarded": Schema.integer])
            },
        ]
    }

    private static let filters: [Operation.Parameter] = [
        .init("name", Schema.text, "Only letters of this task."),
        .init("queue", Schema.text, "Only letters from this list."),
        .init("reason", Schema.text, "Only letters whose reason contains this."),
        .init("fingerprint", Schema.text, "Only letters of this cause."),
    ]
    private static let choosing = ["ids", "name", "queue", "reason", "fingerprint", "all"]
    private static let choice: JSONObject = [
        "ids": ["type": "array", "items": Schema.text, "maxItems": 1000], "name": Schema.text, "queue": Schema.text,
        "reason": Schema.text, "fingerprint": Schema.text, "all": ["const": true],
        "limit": Schema.integer(1...Self.most),
    ]

    // MARK: - Reading

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let limit = try request.wholeNumber("limit", in: 1...500) ?? 100
        let filter = DeadLetterFilter(
            name: request.query("name"), queue: request.query("queue"), reason: request.query("reason"))
        var letters = try await services.queue.deadLetters(limit: Self.most, where: filter)
        if let wanted = request.query("fingerprint") { letters.removeAll { $0.fingerprint != wanted } }
        return request.polled([
            "letters": .array(letters.prefix(limit).map { Self.json($0, isWhole: false) }),
            "groups": .array(Self.groups(letters)), "total": .int(letters.count),
        ])
    }

    private static func groups(_ letters: [DeadLetter]) -> [JSONValue] {
        let groups = Dictionary(grouping: letters, by: \.fingerprint)
        return groups.sorted { ($0.value.count, $1.key) > ($1.value.count, $0.key) }.prefix(200).map { key, letters in
            [
                "fingerprint": .string(key), "count": .int(letters.count), "name": .string(letters[0].name),
                "reason": .string(String(letters[0].reason.prefix(500))),
                "newest": .string(APITime.text(letters[0].at)),
                "oldest": .string(APITime.text(letters[letters.count - 1].at)), "example": .string(letters[0].id),
            ]
        }
    }

    @Sendable private func show(_ request: APIRequest) async throws -> Response {
        .json(Self.json(try await letter(request), isWhole: true))
    }

    private func letter(_ request: APIRequest) async throws -> DeadLetter {
        guard let letter = try await services.queue.deadLetter(try request.parameter("id")) else {
            throw APIError.notFound("Dead letter not found", code: "dead_letter_not_found")
        }
        return letter
    }

    private static func json(_ letter: DeadLetter, isWhole: Bool) -> JSONValue {
        var json: JSONObject = [
            "id": .string(letter.id), "at": .string(APITime.text(letter.at)), "queue": .string(letter.queue),
            "task_id": JSONValue(letter.task), "name": .string(letter.name), "reason": .string(letter.reason),
            "worker": JSONValue(letter.worker), "crashes": .int(letter.crashes),
            "fingerprint": .string(letter.fingerprint),
        ]
        guard isWhole else { return .object(json) }
        json["message"] = .string(String(decoding: letter.message, as: UTF8.self))
        // try?: many a letter is here because it cannot be read.
        if let message = try? TaskMessage(decoding: letter.message) {
            json["args"] = .array(message.body.args)
            json["kwargs"] = .object(message.body.kwargs)
            json["retries"] = .int(message.headers.retries)
        }
        return .object(json)
    }

    // MARK: - One

    @Sendable private func replayOne(_ request: APIRequest) async throws -> Response {
        var reader = FieldReader(try await request.jsonObject())
        var edit = DeadLetterEdit()
        reader.list("args") { edit.args = $0 }
        reader.strictObject("kwargs") { edit.kwargs = $0 }
        reader.plainText("task", atMost: 300) { edit.name = $0 }
        reader.plainText("queue", atMost: 200, isAllowed: CallReader.isQueueLetter) {
            edit.queue = QueueName(rawValue: $0)
        }
        try reader.finish()
        let letter = try await letter(request)
        let count = try await replay([letter], changing: edit)
        return .success(["replayed": .int(count)], status: .accepted)
    }

    @Sendable private func discardOne(_ request: APIRequest) async throws -> Response {
        guard try await services.queue.discard(deadLetters: [try request.parameter("id")]) > 0 else {
            throw APIError.notFound("Dead letter not found", code: "dead_letter_not_found")
        }
        return Response(status: .noContent)
    }

    // MARK: - Many

    @Sendable private func replayMany(_ request: APIRequest) async throws -> Response {
        var reader = FieldReader(try await request.jsonObject())
        var edit = DeadLetterEdit()
        var spacing = Duration.zero
        if reader.has("rate") {
            if let rate = reader.object["rate"]?.double, rate > 0, rate <= 10_000 {
                spacing = .microseconds(Int(min(1_000_000 / rate, 86_400_000_000)))
            } else {
                reader.fault("rate: expected letters a second, more than 0 and at most 10000")
            }
        }
        reader.plainText("queue_to", atMost: 200, isAllowed: CallReader.isQueueLetter) {
            edit.queue = QueueName(rawValue: $0)
        }
        let isTrial = try flag("dry_run", &reader)
        // Oldest first: what has waited longest goes first.
        let letters = Array(try await chosen(&reader).reversed())
        let count = isTrial ? 0 : try await replay(letters, changing: edit, spacing: spacing)
        let seconds = spacing * max(letters.count - 1, 0) / .seconds(1)
        return .success(
            ["matched": .int(letters.count), "replayed": .int(count), "seconds": .double(seconds)], status: .accepted)
    }

    @Sendable private func discardMany(_ request: APIRequest) async throws -> Response {
        var reader = FieldReader(try await request.jsonObject())
        let isTrial = try flag("dry_run", &reader)
        let letters = try await chosen(&reader)
        let count = isTrial ? 0 : try await services.queue.discard(deadLetters: letters.map(\.id))
        return .success(["matched": .int(letters.count), "discarded": .int(count)])
    }

    private func flag(_ name: String, _ reader: inout FieldReader) throws -> Bool {
        var flag = false
        reader.strictBool(name) { flag = $0 }
        return flag
    }

    /// The letters that a body means; one that names nothing means none, and is refused.
    private func chosen(_ reader: inout FieldReader) async throws -> [DeadLetter] {
        var filter = DeadLetterFilter()
        var fingerprint: String?, limit = Self.most, isAll = false, ids: [String]?
        reader.wholeText("name") { filter.name = $0 }
        reader.wholeText("queue") { filter.queue = $0 }
        reader.wholeText("reason") { filter.reason = $0 }
        reader.wholeText("fingerprint") { fingerprint = $0 }
        reader.strictInt("limit", in: 1...Self.most) { limit = $0 }
        reader.strictBool("all") { isAll = $0 }
        if reader.has("all"), !isAll { reader.fault("all: expected true") }
        if let list = reader.object["ids"] {
            ids = list.array?.compactMap(\.string)
            if ids == nil || ids?.count != list.array?.count || (ids?.count ?? 0) > 1000 {
                reader.fault("ids: expected a list of at most 1000 letters' ids")
            }
        }
        try reader.finish()
        guard
            isAll || ids != nil || fingerprint != nil || filter.name != nil || filter.queue != nil
                || filter.reason != nil
        else {
            throw APIError.badRequest(
                "Say which letters are meant: ids, fingerprint, name, queue, reason, or \"all\": true.",
                code: "nothing_chosen")
        }
        var letters: [DeadLetter] = []
        if let ids {
            for id in ids {
                if let letter = try await services.queue.deadLetter(id), filter.matches(letter) {
                    letters.append(letter)
                }
            }
        } else {
            letters = try await services.queue.deadLetters(limit: Self.most, where: filter)
        }
        if let fingerprint { letters.removeAll { $0.fingerprint != fingerprint } }
        return Array(letters.prefix(limit))
    }

    /// Sends letters again; one that is to be edited must be readable.
    private func replay(
        _ letters: [DeadLetter], changing edit: DeadLetterEdit, spacing: Duration = .zero
    ) async throws -> Int {
        do {
            return try await services.ledger.replay(letters, changing: edit, spacing: spacing)
        } catch let error as WireError {
            throw APIError(
                .conflict, code: "letter_unreadable", "A letter cannot be edited: \(error)",
                hint: "Send it again as it is, or discard it.")
        }
    }
}

extension FieldReader {
    /// Text and nothing else.
    mutating func wholeText(_ name: String, _ assign: (String) -> Void) {
        guard let value = object[name] else { return }
        guard let text = value.string else { return fault("\(name): expected text") }
        assign(text)
    }
}

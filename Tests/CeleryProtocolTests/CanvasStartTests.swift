import CeleryProtocol
import Testing

/// What we send for a canvas, beside what Celery was recorded to send.
@Suite("Canvas starts") struct CanvasStartTests {
    private static func add(_ args: JSONValue...) -> Signature { Signature(task: "samples.add", args: args) }
    private static let tsum = Signature(task: "samples.tsum")
    private static let pairs: [JSONValue] = [[1, 2], [3, 4], [5, 6]]

    /// The canvases of the recording, built here.
    static let built: [String: Signature] = [
        "chain3": .chain([add(1, 2), add(3), add(4, 5).asImmutable]),
        "group": .group([add(1, 2), add(3, 4)]),
        "chord": .chord(header: .group([add(1, 2), add(3, 4)]), body: tsum),
        "chord_single": .chord(header: .group([add(1, 2)]), body: tsum),
        "chain_group_task": .chain([add(1, 1), .group([add(1), add(2)]), tsum]),
        "chain_group_task_group": .chain([
            add(1, 1), .group([add(1), add(2)]), tsum, .group([add(1), add(2)]),
        ]),
        "chord_in_header": .chord(
            header: .group([.chord(header: .group([add(1, 2), add(3, 4)]), body: tsum), add(5, 6)]), body: tsum),
        "chord_body_chain": .chord(header: .group([add(1, 2), add(3, 4)]), body: .chain([tsum, add(1)])),
        "group_of_chains": .group([.chain([add(1, 2), add(3)]), .chain([add(4, 5), add(6)])]),
        "chord_of_chains": .chord(
            header: .group([.chain([add(1, 2), add(3)]), .chain([add(4, 5), add(6)])]), body: tsum),
        "map": .map(tsum, over: [[1, 2], [3, 4]]),
        "starmap": .starmap(add(), over: [[1, 2], [3, 4]]),
        "chunks": .chunks(add(), over: pairs, of: 2),
        "stamp_visitor": add(1, 2).stamped(["monitoring_id": "m-1"]),
        "stamp_chain": .chain([add(1, 2), add(3)]).stamped(["monitoring_id": "m-1"]).stamped(["customer": "c9"]),
        "stamp_link": add(1, 2).linked(add(9)).stamped(["header": "value"]),
    ]

    @Test(arguments: built.keys.sorted())
    func `what we send is what Celery sends`(name: String) throws {
        let recorded = try Fixtures.rows("canvas_messages").filter { $0["case"]?.string == name }
        guard !recorded.isEmpty else { return }
        let signature = try #require(Self.built[name])
        let start = try CanvasStart(signature, replyTo: "reply")
        #expect(start.tasks.count == recorded.count)
        let ours = start.tasks.map(Self.sent)
        let theirs = try recorded.map { try TaskMessage(decoding: $0.text("raw").bytes) }.map(Self.sent)
        // The recording lists a queue from its end; ids differ, their places must not.
        #expect(Self.matches(ours, theirs), "ours \(ours), theirs \(theirs)")
    }

    /// Both lists hold the same messages in some order, with ids named by their first appearance.
    private static func matches(_ ours: [JSONValue], _ theirs: [JSONValue]) -> Bool {
        let wanted = canonical(ours)
        return permutations(theirs).contains { canonical($0) == wanted }
    }

    private static func permutations(_ values: [JSONValue]) -> [[JSONValue]] {
        guard values.count > 1 else { return [values] }
        return values.indices.flatMap { index in
            var rest = values
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }

    private static func sent(_ signature: Signature) -> JSONValue {
        let options = signature.options
        let stamps = options["stamped_headers"]?.array?.compactMap(\.string) ?? []
        return tidy([
            "task": .string(signature.task), "id": JSONValue(signature.taskID), "args": .array(signature.args),
            "kwargs": .object(signature.kwargs), "group": options["group_id"] ?? .null,
            "index": options["group_id"] == nil ? .null : options["group_index"] ?? .null,
            "callbacks": options["link"] ?? .null, "chain": options["chain"] ?? .null,
            "chord": options["chord"] ?? .null,
            "stamps": .object(options.filter { stamps.contains($0.key) }),
        ])
    }

    private static func sent(_ message: TaskMessage) -> JSONValue {
        let headers = message.headers.fields
        return tidy([
            "task": .string(message.headers.task), "id": JSONValue(message.headers.id),
            "args": .array(message.body.args),
            "kwargs": .object(message.body.kwargs), "group": headers["group"] ?? .null,
            "index": headers["group_index"] ?? .null, "callbacks": message.body.embed["callbacks"] ?? .null,
            "chain": message.body.embed["chain"] ?? .null, "chord": message.body.embed["chord"] ?? .null,
            "stamps": .object(message.headers.stamps),
        ])
    }

    /// Without what means nothing: null options, a thread's own address, Celery's note to itself.
    private static func tidy(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map(tidy))
        case .object(let object):
            var tidied = JSONObject()
            for key in object.keys.sorted() {
                guard let member = object[key], !member.isNull, !["reply_to", "add_to_parent"].contains(key) else {
                    continue
                }
                tidied[key] = key == "stamped_headers" ? names(member) : tidy(member)
            }
            return .object(tidied)
        default: return value
        }
    }

    /// Celery keeps the names of stamps in a set.
    private static func names(_ value: JSONValue) -> JSONValue {
        .array((value.array ?? []).compactMap(\.string).sorted().map(JSONValue.string))
    }

    /// Every id named by its first appearance.
    private static func canonical(_ messages: [JSONValue]) -> String {
        var text = JSONValue.array(messages).text
        for (number, id) in text.matches(of: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/)
            .map({ String($0.0) }).reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }).enumerated()
        {
            text = text.replacing(id, with: "id\(number)")
        }
        return text
    }

    // MARK: forms

    @Test func `groups in groups are flattened, empty ones are nothing`() throws {
        let add = Self.add(1)
        let inner = Signature.group([add, .group([add, .group([])]), .chain([])])
        #expect(try CanvasStart(inner, replyTo: "r").tasks.count == 2)
        #expect(try CanvasStart(.chain([.group([]), add]), replyTo: "r").tasks.map(\.task) == ["samples.add"])
        #expect(try CanvasStart(.chain([]), replyTo: "r").result == nil)
        #expect(try CanvasStart(.group([]), replyTo: "r").result?.members == [])
    }

    @Test func `a chord without header calls its body with nothing`() throws {
        let start = try CanvasStart(.chord(header: .group([]), body: Self.tsum), replyTo: "r")
        #expect(start.tasks.map(\.args) == [[[]]] && start.chords.isEmpty)
    }

    @Test func `what follows a group in a chain waits for all of it`() throws {
        let group = Signature.group([Self.add(1), Self.add(2)])
        let start = try CanvasStart(.chain([group, group, Self.tsum]), replyTo: "r")
        let body = try Signature(json: start.tasks[0].options["chord"] ?? .null)
        #expect(start.tasks.count == 2 && start.chords.map(\.size) == [2] && body.subtaskType == "chord")
    }

    @Test func `a header with a group in it is saved, and counted leaf by leaf`() throws {
        let inner = Signature.chain([Self.add(1), .group([Self.add(2), Self.add(3)])])
        let start = try CanvasStart(.chord(header: .group([inner, Self.add(4)]), body: Self.tsum), replyTo: "r")
        #expect(start.chords.map(\.size) == [3])
        #expect(start.groups.first?.members?.map { $0.members?.count } == [2, nil])
        let saved = try #require(start.groups.first)
        #expect(try ResultNode(saved: saved.saved.encoded()) == saved)
    }

    @Test func `errbacks reach every step, callbacks the last`() throws {
        let errback = Signature(task: "errback"), callback = Signature(task: "callback")
        let canvas = Signature.chain([Self.add(1), Self.add(2)]).linked(callback).linkedError(errback)
        let first = try #require(try CanvasStart(canvas, replyTo: "r").tasks.first)
        #expect(first.signatures("link").isEmpty && first.signatures("link_error") == [errback])
        let last = try #require(first.signatures("chain").first)
        #expect(last.signatures("link") == [callback] && last.signatures("link_error") == [errback])
    }

    @Test func `the rest of a chain goes on board of a chord's body`() throws {
        let canvas = Signature.chain([.group([Self.add(1), Self.add(2)]), Self.tsum, Self.add(9)])
        let first = try #require(try CanvasStart(canvas, replyTo: "r").tasks.first)
        let body = try Signature(json: first.options["chord"] ?? .null)
        #expect(body.task == "samples.tsum" && body.signatures("chain").map(\.args) == [[9]])
        #expect(first.signatures("chain").isEmpty)
    }

    @Test func `what is no signature is refused at its place`() {
        let canvas = Signature(task: "celery.chain", kwargs: ["tasks": [7]], subtaskType: "chain")
        let error = #expect(throws: WireError.self) { try CanvasStart(canvas, replyTo: "r") }
        #expect(error?.path == "celery.chain.tasks[0]")
    }
}

@Suite("Topic bindings") struct TopicBindingTests {
    @Test(arguments: [
        ("a.*.#", "a.b.c", true), ("a.*.#", "a.b.", true), ("a.*.#", "a.b", false), ("a.*.#", "b.b.c", false),
        ("#", "anything.at.all", true), ("#", "", true), ("*.log", "x.log", true), ("*.log", "x.y.log", false),
        ("*", "", false), ("a.b", "a.b", true), ("a.b", "axb", false), ("#.end", "a.b.end", true),
        ("a.#.z", "a.z", false), ("a.#.z", "a..z", true),
    ])
    func `a topic's binding key fits as kombu's expression does`(binding: String, key: String, fits: Bool) {
        #expect(QueueBinding.topic(binding, queue: "q").matches(key) == fits)
    }

    @Test func `a direct binding fits its own key only`() {
        #expect(QueueBinding(routingKey: "a.*", queue: "q").matches("a.*"))
        #expect(!QueueBinding(routingKey: "a.*", queue: "q").matches("a.b"))
    }

    @Test func `a hostile binding key takes no longer than its length times the text's`() {
        let binding = QueueBinding.topic(String(repeating: "#*", count: 500), queue: "q")
        #expect(!binding.matches(String(repeating: "a", count: 1000) + "."))
    }
}

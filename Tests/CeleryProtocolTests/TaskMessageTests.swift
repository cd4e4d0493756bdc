import CeleryProtocol
import Foundation
import Testing

@Suite("Task messages") struct TaskMessageTests {
    /// Cases that we refuse on purpose, with the code that says why.
    static let refused: [String: WireError.Code] = [
        "serializer_pickle": .unsupportedContentType, "serializer_yaml": .unsupportedContentType,
        "serializer_msgpack": .unsupportedContentType,
    ]

    @Test(arguments: ["task_messages", "canvas_messages"])
    func `every recorded message is read and written back without losing a field or digit`(file: String) throws {
        for row in try Fixtures.rows(file) where Self.refused[row.text("case")] == nil {
            let name = Comment(rawValue: row.text("case"))
            let original = try JSONValue(parsing: row.text("raw"))
            let message = try TaskMessage(decoding: row.text("raw").bytes)
            let again = try JSONValue(parsing: message.encoded())
            // Of the compressions only zlib is written; what came in another one goes on without.
            let isInflated = ["compression_bzip2", "compression_lzma"].contains(row.text("case"))
            if !isInflated { #expect(try TaskMessage(decoding: message.encoded()) == message, name) }
            if row.text("case").hasPrefix("protocol1") {
                try expectUpgraded(message, from: JSONValue(parsing: row.text("body")), name)
                continue
            }
            var headers = original["headers"]?.object
            if isInflated { headers?["compression"] = nil }
            #expect(again["headers"]?.object == headers, name)
            #expect(again["properties"] == original["properties"], name)
            #expect(again["content-type"] == original["content-type"], name)
            #expect(again["content-encoding"] == original["content-encoding"], name)
            #expect(again.object?.count == original.object?.count, name)
            if let body = row["body"]?.string { #expect(try message.body.json == JSONValue(parsing: body), name) }
        }
    }

    private func expectUpgraded(_ message: TaskMessage, from body: JSONValue, _ name: Comment) throws {
        let embedded = ["callbacks", "errbacks", "chord"]
        #expect(message.body.args == body["args"]?.array, name)
        #expect(message.body.kwargs == body["kwargs"]?.object, name)
        for (key, value) in try #require(body.object) where !["args", "kwargs"].contains(key) {
            let place = embedded.contains(key) ? message.body.embed : message.headers.fields
            #expect(place[key] == value, "\(name): \(key)")
        }
    }

    @Test func `recorded bodies that cannot be read name the remedy and the task`() throws {
        for row in try Fixtures.rows("task_messages") {
            guard let code = Self.refused[row.text("case")] else { continue }
            let error = #expect(throws: WireError.self) { try TaskMessage(decoding: row.text("raw").bytes) }
            #expect(error?.code == code)
            #expect(error?.hint.contains("in the Celery producer") == true)
            #expect(error?.taskID?.rawValue == (try JSONValue(parsing: row.text("raw"))["headers"]?["id"]?.string))
        }
    }

    /// Where the fault of each malformed message lies.
    static let faults: [String: String] = [
        "not_json": "", "empty": "", "scalar": "", "array": "", "empty_object": "headers",
        "no_properties": "properties", "no_delivery_tag": "properties.delivery_tag", "no_headers": "headers",
        "headers_null": "headers", "no_id": "headers.id", "id_is_object": "headers.id",
        "stamped_headers_is_number": "headers.stamped_headers", "no_body": "body", "body_not_base64": "body",
        "body_not_json": "body", "body_not_utf8": "body", "body_empty_array": "body", "body_object": "body",
        "unknown_body_encoding": "properties.body_encoding", "no_content_type": "content-type",
        "unknown_content_type": "content-type", "corrupt_zlib": "body",
        "unknown_compression": "headers.compression", "bad_eta": "headers.eta", "eta_number": "headers.eta",
        "bad_expires": "headers.expires", "callbacks_not_a_list": "body[2].callbacks",
    ]

    @Test func `every malformed message is refused at its place, or read`() throws {
        for row in try Fixtures.rows("malformed") {
            let name = row.text("case")
            // Not JSON by the book, but Python sends it and reads it.
            let fault = name == "nan_argument" ? nil : Self.faults[name, default: "nobody has judged this case yet"]
            do throws(WireError) {
                let message = try TaskMessage(decoding: row.text("raw").bytes)
                #expect(fault == nil, "\(name) was read")
                #expect(message.body.args.map(\.text) == ["NaN", "Infinity"])
            } catch {
                #expect(error.path == fault, "\(name): \(error)")
                #expect(error.found.count <= 80)
                #expect(!error.hint.isEmpty)
            }
        }
    }

    @Test func `what we send has every header Celery sends, and no more`() throws {
        let message = TaskMessage(task: "samples.add", args: [2, "x", nil, true], kwargs: ["k": 1.5], queue: "celery")
        #expect(message.headers.argsRepr == "(2, 'x', None, True)")
        #expect(message.headers.kwargsRepr == "{'k': 1.5}")
        #expect(message.headers.rootID == message.headers.id)
        #expect(message.properties.correlationID == message.headers.id.rawValue)
        #expect(message.properties.deliveryTag?.rawValue.count == 36)
        #expect(try TaskMessage(decoding: message.encoded()) == message)
        for row in try Fixtures.rows("task_messages") where row["case"] == "delay" {
            let recorded = try JSONValue(parsing: row.text("raw"))
            let ours = try JSONValue(parsing: message.encoded())
            for part in ["headers", "properties"] {
                #expect(ours[part]?.object?.keys.sorted() == recorded[part]?.object?.keys.sorted())
            }
        }
    }

    @Test func `typed headers write what Celery reads`() {
        var headers = TaskHeaders(task: "t", id: "1")
        headers.eta = Date(timeIntervalSince1970: 1_795_355_153.042010)
        headers.timeLimit = TimeLimits(hard: 30, soft: 2.5)
        headers.groupIndex = 4
        headers.redelivered = true
        headers.stampedHeaders = ["customer"]
        headers.stamps["customer"] = "c9"
        #expect(headers.fields["eta"] == "2026-11-22T13:45:53.042010+00:00")
        #expect(headers.fields["timelimit"] == [30, 2.5])
        #expect(headers.fields["stamps"] == ["customer": "c9"])
        #expect(headers.timeLimit == TimeLimits(hard: 30, soft: 2.5))
        headers.redelivered = false
        headers.eta = nil
        #expect(headers.fields["redelivered"] == nil)
        #expect(headers.fields["eta"] == .some(.null))
    }

    @Test func `a body that inflates beyond the limit is refused while it inflates`() throws {
        var message = TaskMessage(task: "t", args: [.string(String(repeating: "a", count: 1 << 20))], queue: "q")
        message.headers.compression = "application/x-gzip"
        let bytes = message.encoded()
        #expect(bytes.count < 20_000)
        #expect(try TaskMessage(decoding: bytes) == message)
        let limits = WireLimits(json: JSONLimits(bytes: 100_000))
        let error = #expect(throws: WireError.self) { try TaskMessage(decoding: bytes, limits: limits) }
        #expect(error?.code == .tooLarge)
        #expect(error?.taskID == message.headers.id)
    }

    @Test func `a gzip file is read as well as kombu's zlib stream`() throws {
        // printf '[[1], {}, {}]' | gzip -n
        let file = "H4sIAAAAAAAAA4uONozVUaiuBeFYACHgXL4NAAAA"
        let raw = """
            {"body": "\(file)", "content-type": "application/json", "content-encoding": "utf-8",
             "headers": {"task": "t", "id": "1", "compression": "application/x-gzip"},
             "properties": {"delivery_tag": "d", "delivery_info": {"exchange": "", "routing_key": "q"},
                            "body_encoding": "base64"}}
            """
        #expect(try TaskMessage(decoding: raw.bytes).body.args == [1])
    }

    @Test func `old producers' sparse headers get Celery's defaults`() throws {
        let raw = """
            {"body": "[[], {}, {}]", "content-type": "application/json", "headers": {"task": "t", "id": "1"},
             "properties": {"delivery_tag": "d", "delivery_info": {"exchange": "", "routing_key": "q"}}}
            """
        let message = try TaskMessage(decoding: raw.bytes)
        #expect(message.headers.retries == 0)
        #expect(message.headers.timeLimit == TimeLimits())
        #expect(message.headers.ignoreResult == nil)
        #expect(message.body.callbacks.isEmpty && message.body.chord == nil)
        #expect(message.properties.routingKey == "q")
    }

    @Test func `a hybrid of both protocols takes its arguments from the body and its headers from the envelope`() throws
    {
        let raw = """
            {"body": "{\\"task\\": \\"old\\", \\"id\\": \\"0\\", \\"args\\": [1], \\"kwargs\\": {\\"a\\": 2}, \\"retries\\": 3, \\"taskset\\": \\"g\\"}",
             "content-type": "application/json", "headers": {"task": "new", "id": "1"},
             "properties": {"delivery_tag": "d", "delivery_info": {"exchange": "", "routing_key": "q"}}}
            """
        let message = try TaskMessage(decoding: raw.bytes)
        #expect(message.headers.task == "new" && message.headers.id == "1")
        #expect(message.headers.retries == 3 && message.headers.group == "g")
        #expect(message.body.args == [1] && message.body.kwargs == ["a": 2])
    }
}

import CeleryProtocol
import Foundation
import Testing

@Suite("Results") struct TaskResultTests {
    @Test func `every recorded result is read and written back without losing a field`() throws {
        for row in try Fixtures.rows("results") where row.text("key").hasPrefix("celery-task-meta-") {
            let original = try JSONValue(parsing: row.text("raw"))
            let result = try TaskResult(decoding: row.text("raw").bytes)
            #expect(try JSONValue(parsing: result.encoded()) == original)
            #expect("celery-task-meta-" + result.taskID.rawValue == row.text("key"))
            #expect((result.dateDone != nil) == result.state.isReady)
            #expect(result.failure?.json == (result.state.isException ? original["result"] : nil))
        }
    }

    @Test func `recorded exceptions read like Python's`() throws {
        let wanted = [
            "failure": "ValueError: boom", "soft_time_limit": "SoftTimeLimitExceeded",
            "hard_time_limit": "TimeLimitExceeded: 1", "reject": "Reject: ('no', False)",
            "not_registered": "NotRegistered: nope.x",
        ]
        for row in try Fixtures.rows("results") {
            guard let text = wanted[row.text("case")] else { continue }
            #expect(try TaskResult(decoding: row.text("raw").bytes).failure?.description == text)
        }
    }

    @Test func `what we write has the same shape as what Celery writes`() throws {
        let end = Date(timeIntervalSince1970: 1_795_355_150.469068)
        let ours: [String: TaskResult] = [
            "success": .success("1", 5, at: end), "failure": .failure("1", .builtin("ValueError", "boom"), at: end),
            "not_registered": .failure("1", .notRegistered("nope.x"), at: end),
            "revoked_expired": .revoked("1", reason: "expired", at: end),
            "soft_time_limit": .failure("1", .softTimeLimitExceeded, at: end),
            "hard_time_limit": .failure("1", .timeLimitExceeded(1), at: end),
        ]
        for row in try Fixtures.rows("results") where row["step"] == 1 {
            guard let result = ours[row.text("case")] else { continue }
            let recorded = try TaskResult(decoding: row.text("raw").bytes)
            #expect(result.fields.keys.sorted() == recorded.fields.keys.sorted())
            #expect(result.state == recorded.state)
            #expect(result.result == recorded.result)
            #expect(result.fields["traceback"]?.isNull == true)
        }
    }

    @Test func `parent and group are written only when there are any`() {
        let result = TaskResult.success("1", nil, at: .now, parentID: "p", groupID: "g")
        #expect(result.fields["parent_id"] == "p" && result.fields["group_id"] == "g")
        #expect(TaskResult.success("1", nil, at: .now).fields["parent_id"] == nil)
    }

    @Test func `a retry is its own child and has not ended`() {
        let result = TaskResult.retry("1", .builtin("RuntimeError", "attempt 0"))
        #expect(result.children == [[["1", nil], nil]])
        #expect(result.dateDone == nil && !result.state.isReady)
    }

    @Test func `that no worker knows a task so far is not its end`() {
        var notice = TaskResult.failure("1", .notRegistered("later.known"), at: .now)
        #expect(notice.isFinal)
        notice.dateDone = nil
        #expect(notice.state.isReady && !notice.isFinal)
        var other = TaskResult.failure("1", .builtin("ValueError", "of a writer that gives no dates"), at: .now)
        other.dateDone = nil
        #expect(other.isFinal)
        #expect(!TaskResult.retry("1", .builtin("RuntimeError", "attempt 0")).isFinal)
    }

    @Test func `extended and stamped results keep what has no name here`() throws {
        let raw =
            #"{"status":"SUCCESS","result":1.0,"task_id":"1","name":"t","args":[1],"stamped_headers":["c"],"c":"9"}"#
        let result = try TaskResult(decoding: raw.bytes)
        #expect(result.other == ["name": "t", "args": [1], "stamped_headers": ["c"], "c": "9"])
        #expect(try JSONValue(parsing: result.encoded()) == JSONValue(parsing: raw))
    }

    @Test func `a compressed result is recognised by its mark`() throws {
        // zlib.compress of {"status": "SUCCESS", "result": 5, "task_id": "1"}
        let zlib = try #require(
            Data(base64Encoded: "eJyrViouSSwpLVayUlAKDnV2dg0OVtJRUCpKLS7NKQEKmgI5JYnF2fGZKSAlhkq1AIMHDpQ="))
        let marked = [0] + "celery-compressed".bytes + [0] + "application/x-gzip".bytes + [0] + [UInt8](zlib)
        #expect(try TaskResult(decoding: marked).result == 5)
        let cut = marked.prefix(19)
        #expect(throws: WireError.self) { try TaskResult(decoding: Array(cut)) }
    }

    @Test(arguments: [#"{"status":"SUCCESS","result":5,"task_id":"1"}"#, "{}", String(repeating: "é", count: 50_000)])
    func `what is compressed here is read here`(json: String) throws {
        let payload = ResultPayload.compressed(json.bytes)
        // A zlib stream begins with an x.
        #expect(payload.starts(with: "\0celery-compressed\0application/x-gzip\0x".bytes))
        #expect(try ResultPayload.inflated(payload) == json.bytes)
        #expect(try ResultPayload.inflated(json.bytes) == json.bytes)
    }

    @Test(arguments: [
        ("", ""), ("[]", ""), ("{}", "status"), (#"{"status":"SUCCESS"}"#, "task_id"),
        (#"{"status":1,"task_id":"1"}"#, "status"), (#"{"status":"X","task_id":"1","children":{}}"#, "children"),
        (#"{"status":"X","task_id":"1","traceback":[]}"#, "traceback"),
    ])
    func `what is no result is refused at its place`(raw: String, path: String) {
        let error = #expect(throws: WireError.self) { try TaskResult(decoding: raw.bytes) }
        #expect(error?.path == path)
    }
}

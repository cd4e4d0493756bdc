import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// Sends a task on a caller's behalf, once, however often the caller asks with the same `Idempotency-Key`.
struct TaskStart {
    /// A day: longer than any client keeps repeating a request.
    private static let remembered = 86_400

    let services: APIServices
    let request: APIRequest

    /// Starts the task, or finds the one that an earlier request with this key started.
    ///
    /// - Parameters:
    ///   - task: The task's name.
    ///   - args: Positional arguments.
    ///   - kwargs: Keyword arguments.
    ///   - subject: What it is about, for the list of recent tasks.
    ///   - sameness: What must be equal for a request to count as the same; the arguments, when nil.
    /// - Returns: The task's id.
    /// - Throws: 422 when the key came with another request before.
    func start(
        _ task: String, _ args: [JSONValue] = [], kwargs: JSONObject = [:], about subject: String,
        sameness: JSONValue? = nil
    ) async throws -> TaskID {
        let call: JSONValue = [.string(task), sameness ?? .array(args), .object(kwargs)]
        if let key = try idempotencyKey() {
            let entry = try await claim(key, call: Fingerprint(call.text).text)
            guard !entry.isSent else { return entry.id }
            // Whoever stored it may have died before sending. The broker takes a task of one id once.
            try await send(task, args, kwargs, id: entry.id, subject)
            try await settle(key, entry)
            return entry.id
        }
        let id = TaskID.random()
        try await send(task, args, kwargs, id: id, subject)
        return id
    }

    /// The entry under a key: this request's own, or that of an earlier one.
    ///
    /// - Throws: 422 when the key came with another request before.
    @inline(never)
    private func claim(_ key: String, call: String) async throws -> Entry {
        let fresh = Entry(call: call, id: .random(), isSent: false)
        // NX GET: of any number of requests at the same instant, one stores its entry and all others read it.
        let stored = try await services.redis.send(
            "SET", RedisArgument(key), RedisArgument(fresh.json.encoded()), "NX", "GET", "EX",
            RedisArgument(Self.remembered))
        let entry = stored.bytes.flatMap(Entry.init) ?? fresh
        guard entry.call == fresh.call else {
            throw APIError(
                .unprocessableContent, code: "idempotency_key_reused",
                "This Idempotency-Key came with another request before.", hint: "Use a new key for a new request.")
        }
        return entry
    }

    @inline(never)
    private func settle(_ key: String, _ entry: Entry) async throws {
        let sent = Entry(call: entry.call, id: entry.id, isSent: true)
        _ = try await services.redis.send(
            "SET", RedisArgument(key), RedisArgument(sent.json.encoded()), "XX", "EX", RedisArgument(Self.remembered))
    }

    @inline(never)
    private func send(
        _ task: String, _ args: [JSONValue], _ kwargs: JSONObject, id: TaskID, _ subject: String
    ) async throws {
        var options = CallOptions()
        options.id = id
        try await services.queue.send(task, args: args, kwargs: kwargs, options: options)
        try await RecentTasks(redis: services.redis).note(id, task, about: subject)
    }

    // Not inlined, like its neighbours: the optimiser of Swift 6.3.1 crashes on the coroutine that holds all of them.
    @inline(never)
    private func idempotencyKey() throws -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw APIError.badRequest(
                "Idempotency-Key: expected 1 to 200 visible ASCII characters.", code: "invalid_idempotency_key")
        }
        return Keys.idempotency(principal: request.context.principal?.identity ?? "", key: key)
    }
}

/// What is remembered under an `Idempotency-Key`.
private struct Entry {
    let call: String
    let id: TaskID
    let isSent: Bool

    init(call: String, id: TaskID, isSent: Bool) {
        self.call = call
        self.id = id
        self.isSent = isSent
    }

    init?(_ bytes: [UInt8]) {
        // try?: what is no entry of ours is as good as none, and is overwritten.
        guard let json = try? JSONValue(parsing: bytes), let call = json["call"]?.string,
            let id = json["task_id"]?.string
        else { return nil }
        self.init(call: call, id: TaskID(id), isSent: json["sent"]?.bool ?? false)
    }

    var json: JSONValue { ["call": .string(call), "task_id": JSONValue(id), "sent": .bool(isSent)] }
}

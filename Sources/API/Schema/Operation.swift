import CeleryProtocol
import HTTPTypes

/// What the API's description says of an endpoint; stands beside its right and its handler, where it is made.
struct Operation: Sendable {
    /// The chapter of the description that it belongs to.
    enum Tag: String, Sendable, CaseIterable {
        case tasks = "Tasks"
        case queues = "Queues and workers"
        case schedules = "Schedules"
        case dead = "Dead letters"
        case plugins = "Plugins"
        case sources = "Sources"
        case accounts = "Accounts"
        case server = "Server"
    }

    /// A parameter of the query or a header.
    struct Parameter: Sendable {
        let name: String
        let schema: JSONValue
        let about: String

        init(_ name: String, _ schema: JSONValue, _ about: String) {
            self.name = name
            self.schema = schema
            self.about = about
        }
    }

    var tag = Tag.server
    /// One line.
    var summary = ""
    /// More than one line, where there is more to say.
    var details = ""
    /// What parts of the path may be; text, when nothing is said.
    var path: [String: JSONValue] = [:]
    var query: [Parameter] = []
    var headers: [Parameter] = []
    /// The JSON body's schema.
    var body: JSONValue?
    /// The same as a form with files.
    var form: JSONValue?
    var needsBody = false
    /// What is answered when all went well: status, and the schema of the JSON body; null for none.
    var answers: [Int: JSONValue] = [:]
    /// The media type of what is answered.
    var mediaType = "application/json"

    /// A source's fields, as JSON or as a form with the file itself.
    mutating func takes(_ members: JSONObject, needs: [String] = []) {
        body = Schema.object(members, needs: needs)
        // A form may have the other fields too, as text.
        form = Schema.form(
            [
                // Bytes: any of them.
                "file": ["contentMediaType": "application/octet-stream"],
                "name": members["name"] ?? Schema.text,
            ], needs: needs)
        needsBody = !needs.isEmpty
    }

    /// A list that is asked for again and again, which answers 304 while it is the same.
    mutating func isPolled() {
        headers.append(Parameter("If-None-Match", Schema.text, "The ETag of the answer that the caller has."))
        answers[304] = .null
    }

    /// A request that starts work.
    mutating func startsWork() {
        headers.append(
            Parameter(
                "Idempotency-Key", Schema.text(pattern: "^[!-~]{1,200}$"),
                "The same key with the same request is one task and one answer, for a day."))
    }
}

extension Endpoint {
    /// The endpoint with what the API's description says of it.
    func described(
        _ summary: String, _ tag: Operation.Tag, _ change: (inout Operation) -> Void = { _ in }
    ) -> Endpoint {
        var endpoint = self
        endpoint.operation.summary = summary
        endpoint.operation.tag = tag
        change(&endpoint.operation)
        return endpoint
    }
}

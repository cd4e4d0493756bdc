import CeleryProtocol
import HTTPTypes
import Skirret

/// OpenAPI 3.1, made from the endpoints that route.
struct OpenAPIDocument {
    let endpoints: [Endpoint]

    var json: JSONValue {
        var paths = JSONObject()
        for (path, group) in Dictionary(grouping: endpoints, by: \.path).sorted(by: { $0.key < $1.key }) {
            var item = JSONObject()
            for endpoint in group.sorted(by: { $0.method.rawValue < $1.method.rawValue }) {
                item[endpoint.method.rawValue.lowercased()] = operation(endpoint)
            }
            paths[Self.template(path)] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Skirret", "version": .string(Release.version),
                "description":
                    "Tasks, queues, schedules, plugins and sources. Errors have a stable \"code\" for programs, a sentence in \"error\", and a \"hint\" where there is a next step.",
                "license": ["name": "See LICENSE"],
            ],
            "servers": [["url": "/"]],
            "tags": .array(Operation.Tag.allCases.map { ["name": .string($0.rawValue)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(APISchemas.all),
                "securitySchemes": [
                    "token": ["type": "http", "scheme": "bearer"],
                    "apiKey": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
                    "session": ["type": "apiKey", "in": "cookie", "name": .string(Authenticator.cookieName)],
                ],
            ],
        ]
    }

    /// `/api/tasks/:id` as `/api/tasks/{id}/`; what is no part of the API has no slash at its end.
    static func template(_ path: String) -> String {
        let parts = path.split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }
        return "/" + parts.joined(separator: "/") + (path.hasPrefix("/api/") ? "/" : "")
    }

    private func operation(_ endpoint: Endpoint) -> JSONValue {
        let about = endpoint.operation
        var json: JSONObject = [
            "operationId": .string(Self.name(of: endpoint)), "summary": .string(about.summary),
            "tags": [.string(about.tag.rawValue)],
        ]
        let details = [about.details, Self.right(endpoint.access)].filter { !$0.isEmpty }
        if !details.isEmpty { json["description"] = .string(details.joined(separator: " ")) }
        let path = endpoint.path.split(separator: "/").filter { $0.hasPrefix(":") }.map { part -> JSONValue in
            let name = String(part.dropFirst())
            return [
                "name": .string(name), "in": "path", "required": true,
                "schema": about.path[name] ?? Schema.text(atMost: 200, atLeast: 1),
            ]
        }
        let parameters =
            path + about.query.map { Self.parameter($0, in: "query") }
            + about.headers.map { Self.parameter($0, in: "header") }
        if !parameters.isEmpty { json["parameters"] = .array(parameters) }
        var content = JSONObject()
        if let body = about.body { content["application/json"] = ["schema": body] }
        if let form = about.form { content["multipart/form-data"] = ["schema": form] }
        if !content.isEmpty {
            json["requestBody"] = ["required": .bool(about.needsBody), "content": .object(content)]
        }
        json["responses"] = .object(answers(about))
        switch endpoint.access {
        case .open: json["security"] = []
        case .signedIn, .standard, .admin:
            json["security"] = [["token": []], ["apiKey": []], ["session": []]]
        }
        return .object(json)
    }

    private func answers(_ about: Operation) -> JSONObject {
        var answers = JSONObject()
        for (status, schema) in about.answers.sorted(by: { $0.key < $1.key }) {
            var answer: JSONObject = ["description": .string(HTTPResponse.Status(code: status).reasonPhrase)]
            if !schema.isNull { answer["content"] = .object([about.mediaType: ["schema": schema]]) }
            answers[String(status)] = .object(answer)
        }
        answers["default"] = [
            "description": "What went wrong, and what to do about it",
            "content": ["application/json": ["schema": Schema.ref("Error")]],
        ]
        return answers
    }

    private static func right(_ access: Access) -> String {
        switch access {
        case .open: ""
        case .signedIn: "For whoever has signed in."
        case .standard: "For whoever may read."
        case .admin: "For administrators."
        }
    }

    private static func parameter(_ parameter: Operation.Parameter, in place: String) -> JSONValue {
        [
            "name": .string(parameter.name), "in": .string(place), "schema": parameter.schema,
            "description": .string(parameter.about),
        ]
    }

    /// `get_tasks_id_logs`: unique, as method and path are.
    static func name(of endpoint: Endpoint) -> String {
        let words = endpoint.path.split { !$0.isLetter && !$0.isNumber }.filter { $0 != "api" }
        return ([endpoint.method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }
}

import CeleryProtocol
import Hummingbird

/// `/api/schema/`: what this server offers, for programs.
struct SchemaRoutes: Routes {
    /// All other endpoints.
    let described: [Endpoint]

    var endpoints: [Endpoint] {
        let own = Endpoint.get("/api/schema", .signedIn) { _ in throw APIError.noSuchRoute }
            .described("This description, as OpenAPI 3.1", .server) {
                $0.answers[200] = Schema.object(["openapi": Schema.text], needs: ["openapi", "paths"])
                $0.isPolled()
            }
        let document = OpenAPIDocument(endpoints: described + [own]).json
        var endpoint = own
        endpoint.handler = { request in request.polled(document) }
        return [endpoint]
    }
}

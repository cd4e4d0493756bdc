import CeleryProtocol
import Hummingbird
import PluginRuntime
import Skirret

/// `POST /api/plugins/plugins/<key>/requirements/`: installs what the plugin's `requirements.txt` asks for.
struct PluginRequirementsRoutes: Routes {
    let services: APIServices
    let shelf: PluginShelf

    var endpoints: [Endpoint] {
        [
            .post("/api/plugins/plugins/:key/requirements", .admin, install).described(
                "Install a plugin's own packages", .plugins
            ) {
                $0.details = """
                    Nobody's packages are installed without this. A task of minutes; its progress is the task's, and an event \
                    plugin_requirements for each step. The plugin's row says in "requirements" what became of it.
                    """
                $0.answers[202] = Schema.accepted
                $0.startsWork()
            }
        ]
    }

    @Sendable private func install(_ request: APIRequest) async throws -> Response {
        let key = try request.parameter("key")
        guard let found = try await shelf.view(key).found else { throw APIError.noSuchPlugin }
        switch found.requirements.state {
        case .none:
            throw APIError(
                .conflict, code: "no_requirements", "Plugin '\(key)' asks for no packages.",
                hint: "It has no requirements.txt, or an empty one.")
        case .invalid:
            throw APIError(
                .conflict, code: "invalid_requirements", found.requirements.error ?? "Its requirements.txt is invalid.")
        case .missing, .failed, .ready: break
        }
        let id = try await TaskStart(services: services, request: request).start(
            TaskNames.installRequirements, [.string(key)], about: "\(key): packages", plugin: key)
        return TaskAnswer.accepted(id, isApplied: request.prefersAsync)
    }
}

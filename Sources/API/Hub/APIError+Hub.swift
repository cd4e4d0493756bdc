import HTTPTypes
import PluginRuntime

extension APIError {
    static let noSuchRepository = notFound("Repo not found", code: "repo_not_found")

    /// What a caller hears when a manifest was not taken; `status` for one that did not come.
    init(_ error: HubError, fetching status: HTTPResponse.Status = .badRequest) {
        guard case .notFetched = error.kind else {
            self.init(.badRequest, code: error.code, error.message, hint: Self.hint(for: error))
            return
        }
        self.init(
            status, code: error.code, "Failed to fetch manifest. Check the URL and try again.", hint: error.message)
    }

    /// Where the program that checks signatures is missing or does not run.
    init(_ error: SignatureCheck.Failure) {
        self.init(.serviceUnavailable, code: error.code, error.message, hint: error.hint)
    }

    private static func hint(for error: HubError) -> String? {
        switch error.kind {
        case .wrongSignature:
            "Is it the right public key? If it is, somebody has changed the manifest on its way, and it must not be used."
        case .invalidKey: "Paste the whole block, from -----BEGIN PGP PUBLIC KEY BLOCK----- to its END."
        default: nil
        }
    }
}

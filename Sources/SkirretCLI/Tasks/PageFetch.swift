import API
import Catalog
import CeleryProtocol
import Ingest
import Logging
import Skirret

/// Reads addresses for plugins' pages: a data source of the type `url`.
///
/// A worker does it, and no browser: the page's policy lets browsers talk to this server alone.
struct PageFetch: Sendable {
    let catalog: CatalogDatabase

    var registered: RegisteredTask {
        TaskDefinition(
            "skirret.plugins.fetch_address", options: TaskOptions(timeLimit: .seconds(45))
        ) { [self] (context: TaskContext, key: String, address: String, params: JSONValue) -> JSONValue in
            guard let plugin = try await catalog.plugins.find(key), plugin.isEnabled else {
                throw TaskFailure.builtin("PermissionError", "Plugin '\(key)' is disabled")
            }
            do {
                return try await PageDocument(logger: context.logger).fetch(address, query: params.object ?? [:])
            } catch let error as DownloadError {
                let isRefused = error.code == .refusedAddress
                throw Self.failure(error.detail, code: isRefused ? "address_refused" : "fetch_failed")
            } catch let error as DecompressionError {
                throw Self.failure(error.message, code: "fetch_failed")
            }
        }.registered
    }

    private static func failure(_ message: String, code: String) -> TaskFailure {
        TaskFailure(
            excType: "FetchError", excMessage: [.string(message), .string(code)], excModule: "skirret.plugins",
            traceback: nil)
    }
}

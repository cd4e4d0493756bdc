import Catalog
import Ingest
import Logging
import Skirret

extension RegisteredTask {
    /// The same task, which comes again instead of failing while nothing can be written to the database.
    ///
    /// A disk that is full, or read-only for a moment, is nobody's failure, and what was accepted is done once there is
    /// room: nothing has changed by then, because a refresh is one transaction and begins with a row of its own.
    var waitingForDisk: RegisteredTask {
        wrapped { context, body in
            do {
                return try await body()
            } catch let error where error.isFullDisk {
                context.logger.warning(
                    "put off, as the database cannot be written",
                    metadata: ["error": "\(error)", "seconds": "\(Self.pause.components.seconds)"])
                throw Postpone(for: Self.pause)
            }
        }
    }

    /// Short, as the next run ends at its first write while there is no room.
    private static let pause = Duration.seconds(5)
}

extension Error {
    fileprivate var isFullDisk: Bool {
        switch self {
        case let error as Ingest.RefreshError: !error.isReported
        case let error as CatalogError: error.code == .cannotWrite
        default: CatalogError(explaining: self)?.code == .cannotWrite
        }
    }
}

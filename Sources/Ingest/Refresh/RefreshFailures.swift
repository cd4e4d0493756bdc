import Logging

/// Makes sure that a refresh ends in a status, whatever happens to it.
struct RefreshFailures: Sendable {
    let logger: Logger
    let events: RefreshEvents
    /// The action under which clients look for the end.
    let action: String
    /// Writes `error` and the text to the source.
    let report: @Sendable (String) async throws -> Void

    func reporting<Output>(
        _ explain: (any Error) -> RefreshError, _ body: () async throws -> Output
    ) async throws -> Output {
        do {
            return try await body()
        } catch {
            let isCancelled = error is CancellationError || Task.isCancelled
            let explained = isCancelled ? nil : explain(error)
            await conclude(explained?.message ?? PlaylistMessages.unfinished)
            throw explained ?? CancellationError()
        }
    }

    private func conclude(_ message: String) async {
        await shielded { [self] in
            do {
                try await report(message)
            } catch {
                logger.error(
                    "a refresh's end could not be written", metadata: ["error": "\(error)", "end": "\(message)"])
            }
            await events.fail(action, message)
        }
    }
}

/// Runs to its end although the task around it has been cancelled.
func shielded(_ body: @escaping @Sendable () async -> Void) async {
    // Unstructured, because children inherit the cancellation; it is awaited at once.
    await Task { await body() }.value
}

/// Runs the body and forgets what was staged when it throws.
func discarding<Output>(
    _ discard: @escaping @Sendable () async -> Void, _ body: () async throws -> Output
) async throws -> Output {
    do {
        return try await body()
    } catch {
        await shielded(discard)
        throw error
    }
}

extension IngestSource {
    var isWeb: Bool {
        if case .web = self { true } else { false }
    }
}

extension ParseProblems {
    /// Counts by kind, for logs.
    var summary: String {
        counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue)=\($0.value)" }
            .joined(separator: " ")
    }
}

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
            var explained = isCancelled ? nil : explain(error)
            let isReported = await conclude(explained?.message ?? PlaylistMessages.unfinished)
            explained?.isReported = isReported
            throw explained ?? CancellationError()
        }
    }

    /// Whether the end could be written.
    private func conclude(_ message: String) async -> Bool {
        await shielded { [self] in
            var isReported = true
            do {
                try await report(message)
            } catch {
                isReported = false
                logger.error(
                    "a refresh's end could not be written", metadata: ["error": "\(error)", "end": "\(message)"])
            }
            await events.fail(action, message)
            return isReported
        }
    }
}

/// Runs to its end although the task around it has been cancelled.
func shielded<Output: Sendable>(_ body: @escaping @Sendable () async -> Output) async -> Output {
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

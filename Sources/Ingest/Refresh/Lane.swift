/// What is worked on while the next is being fetched: one piece at a time, so that memory holds few of them.
struct Lane<Output: Sendable> {
    private var underWay: Task<Output, any Error>?

    /// Begins to work on a piece; the one before must have been waited for.
    mutating func start(_ work: @escaping @Sendable () async throws -> Output) {
        // Unstructured, because it outlives the call that starts it. The next piece or the end waits for it; when
        // neither comes, because the download failed, it ends by itself, and closing the staging area waits for that.
        underWay = Task { try await work() }
    }

    /// What is worked on already; the one before must have been taken out.
    mutating func follow(_ work: Task<Output, any Error>) { underWay = work }

    /// The piece to wait for, once; nil when there is none.
    mutating func last() -> Task<Output, any Error>? {
        defer { underWay = nil }
        return underWay
    }
}

extension Task where Failure == any Error {
    /// What the task comes to; whoever is cancelled while waiting for it takes it along.
    func joined() async throws -> Success {
        try await withTaskCancellationHandler {
            try await value
        } onCancel: {
            cancel()
        }
    }
}

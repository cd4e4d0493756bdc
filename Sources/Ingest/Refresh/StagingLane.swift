/// What is staged while the next is being parsed: one batch at a time, so that memory holds two and no more.
struct StagingLane {
    private var underWay: Task<Void, any Error>?

    /// Begins to stage a batch; the one before must have been waited for.
    mutating func start(_ work: @escaping @Sendable () async throws -> Void) {
        // Unstructured, because it outlives the call that starts it. The next batch or the end waits for it; when
        // neither comes, because the download failed, closing the staging area does.
        underWay = Task { try await work() }
    }

    /// The batch to wait for, once; nil when there is none.
    mutating func last() -> Task<Void, any Error>? {
        defer { underWay = nil }
        return underWay
    }
}

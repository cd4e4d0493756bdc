import CeleryProtocol

/// The end of most runs: a success that nothing follows, nobody counts and nobody waits for but by its result.
///
/// ``Settling`` decides the same, for every ending there is, and takes longer.
extension Run {
    /// Whether a success of this run leaves nothing behind but its result.
    var isPlain: Bool {
        single == nil && !holdsLimits && delivery.message.body.isLast
            && delivery.message.headers.additional("skirret_unique") == nil
            && delivery.message.headers.additional("skirret_batch") == nil
    }

    /// The result that ``Settling`` would store for a success of this run, as JSON.
    func plainResult(_ value: JSONValue) -> [UInt8] {
        TaskResult.encodedSuccess(
            delivery.id, value, children: delivery.running.children.map(\.json), at: now,
            parentID: delivery.message.headers.parentID, groupID: delivery.message.headers.group)
    }
}

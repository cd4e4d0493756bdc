import CSpawn

/// Who is in a pool, and who is missing.
///
///     starting ──▶ working ──▶ ended ──▶ (gone)
///                     └──▶ retiring ──▶ ended
///
/// Decides; ``WorkerPool`` acts.
struct PoolRoster {
    /// How many shall work.
    let size: Int
    private(set) var members: [Int: PoolMember] = [:]
    /// No more starts; who ends is not replaced.
    var isStopping = false
    var isQuiet = false
    /// Members that an operator sent away, one by one.
    private(set) var departed = 0
    /// Deaths in a row of members that never got as far as listening.
    private(set) var failedStarts = 0
    /// When members died lately.
    private var deaths: [ContinuousClock.Instant] = []

    init(size: Int) { self.size = size }

    /// Nobody is left, and nobody will come.
    var isOver: Bool { members.isEmpty && (isStopping || departed >= size) }

    /// The indices of those to be started now; the lowest that nobody has.
    var missing: [Int] {
        guard !isStopping else { return [] }
        // Who has ended keeps the place: the replacement takes the same name once the claims are given back.
        let present = members.values.count { $0.state != .retiring }
        let count = max(0, size - departed - present)
        return Array((1...(size * 2 + 1)).lazy.filter { members[$0] == nil }.prefix(count))
    }

    /// How long to wait before the next start.
    ///
    /// Nothing after a death in the midst of work, as it is the work that may be to blame and three deaths end it;
    /// longer and longer when members do not even come up; a breath when they die by the dozen.
    var pause: Duration {
        if failedStarts > 0 { return min(.milliseconds(250) * (1 << min(failedStarts - 1, 6)), .seconds(10)) }
        return deaths.count > 10 * size ? .seconds(1) : .zero
    }

    mutating func add(_ member: PoolMember) { members[member.index] = member }

    mutating func update(_ index: Int, _ change: (inout PoolMember) -> Void) {
        if var member = members[index] {
            change(&member)
            members[index] = member
        }
    }

    /// A member hears signals now.
    mutating func becameReady(_ index: Int) {
        failedStarts = 0
        update(index) { if $0.state == .starting { $0.state = .working } }
    }

    /// A member's process ended.
    mutating func ended(_ index: Int, _ end: MemberEnd, isReplaced: Bool) {
        let now = ContinuousClock.now
        deaths = deaths.filter { $0.duration(to: now) < .seconds(10) } + [now]
        if members[index]?.state == .starting, !end.wasStopped { failedStarts += 1 }
        if !isReplaced { departed += 1 }
        update(index) { $0.state = .ended }
    }

    /// A member's claims are given back; its name is free.
    mutating func remove(_ index: Int) { members[index] = nil }
}

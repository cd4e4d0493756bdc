/// Which server most sentinels call the master.
///
/// One sentinel alone may be cut off together with an old master; a majority is not. Holds no clock and no channel.
struct SentinelVote {
    enum Verdict: Equatable {
        case undecided
        case elected(RedisPlace)
        /// All have spoken and none named a master.
        case none
    }

    private let electorate: Int
    private var spoken = 0
    private var votes: [(place: RedisPlace, count: Int)] = []

    init(electorate: Int) { self.electorate = electorate }

    /// One sentinel named a master, knows none, or did not answer (nil).
    mutating func heard(_ place: RedisPlace?) -> Verdict {
        spoken += 1
        if let place {
            if let index = votes.firstIndex(where: { $0.place == place }) {
                votes[index].count += 1
            } else {
                votes.append((place, 1))
            }
        }
        if let leader, leader.count * 2 > electorate { return .elected(leader.place) }
        return spoken == electorate ? closed() : .undecided
    }

    /// No more votes are waited for: whoever has most, and of two the one that was named first.
    func closed() -> Verdict {
        leader.map { .elected($0.place) } ?? .none
    }

    var hasVotes: Bool { !votes.isEmpty }

    private var leader: (place: RedisPlace, count: Int)? {
        votes.reduce(nil) { best, next in best.map { next.count > $0.count ? next : $0 } ?? next }
    }
}

import Testing

@testable import SkirretRedis

@Suite("SentinelVote") struct SentinelVoteTests {
    private let old = RedisPlace(host: "10.0.0.1", port: 6379)
    private let new = RedisPlace(host: "10.0.0.2", port: 6379)

    @Test func `a majority decides without waiting for the rest`() {
        var vote = SentinelVote(electorate: 3)
        #expect(vote.heard(old) == .undecided)
        #expect(vote.heard(new) == .undecided)
        #expect(vote.heard(new) == .elected(new))
    }

    @Test func `one sentinel alone is a majority of one`() {
        var vote = SentinelVote(electorate: 1)
        #expect(vote.heard(old) == .elected(old))
    }

    @Test func `when patience ends whoever was named most is elected, of two the first`() {
        var vote = SentinelVote(electorate: 5)
        _ = vote.heard(old)
        _ = vote.heard(new)
        #expect(vote.closed() == .elected(old))
        _ = vote.heard(new)
        #expect(vote.closed() == .elected(new))
    }

    @Test func `silence and ignorance of all is nobody`() {
        var vote = SentinelVote(electorate: 2)
        #expect(vote.heard(nil) == .undecided)
        #expect(vote.heard(nil) == .none)
        #expect(vote.hasVotes == false)
    }
}

import Testing

@testable import SkirretRedis

@Suite("SubscriptionTable") struct SubscriptionTableTests {
    private let a = Topic(kind: .channel, name: "a")
    private let b = Topic(kind: .pattern, name: "b")

    @Test func `a topic is asked for by its first reader and given back by its last`() {
        var table = SubscriptionTable()
        #expect(table.add(1, [a, b]).change == .init(subscribe: [a, b]))
        #expect(table.add(2, [a]).change == .init())
        #expect(table.remove(1) == .init(unsubscribe: [b]))
        #expect(table.remove(2) == .init(unsubscribe: [a]))
        #expect(table.isEmpty)
    }

    @Test func `a subscription is complete when all its topics are confirmed`() {
        var table = SubscriptionTable()
        _ = table.add(1, [a, b])
        table.sent(a)
        table.sent(b)
        #expect(table.answered(a, isSubscribed: true) == [])
        #expect(table.answered(b, isSubscribed: true) == [1])
        #expect(table.add(2, [a]).isComplete)
    }

    @Test func `an answer from before a topic was given back does not confirm it`() {
        var table = SubscriptionTable()
        _ = table.add(1, [a])
        table.sent(a)
        _ = table.remove(1)
        table.sent(a)
        #expect(table.add(2, [a]).change == .init(subscribe: [a]))
        table.sent(a)
        #expect(table.answered(a, isSubscribed: true) == [])
        #expect(table.answered(a, isSubscribed: false) == [])
        #expect(table.answered(a, isSubscribed: true) == [2])
    }

    @Test func `a lost connection takes all confirmations with it`() {
        var table = SubscriptionTable()
        _ = table.add(1, [a])
        table.sent(a)
        #expect(table.answered(a, isSubscribed: true) == [1])
        table.disconnected()
        #expect(table.topics == [a])
        table.sent(a)
        #expect(table.answered(a, isSubscribed: true) == [1])
    }
}

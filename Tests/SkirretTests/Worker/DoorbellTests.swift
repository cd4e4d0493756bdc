import Testing

@testable import Skirret

@Suite("Doorbell", .timeLimit(.minutes(1))) struct DoorbellTests {
    @Test func `a ring that came before the wait counts, two count as one`() async throws {
        let bell = Doorbell()
        bell.ring()
        bell.ring()
        let began = ContinuousClock.now
        try await bell.wait(atMost: .seconds(30))
        #expect(began.duration(to: .now) < .seconds(20))
        try await bell.wait(atMost: .milliseconds(1))  // nothing is left: it ends by itself
    }

    @Test func `a ring wakes the one who waits`() async throws {
        let bell = Doorbell()
        async let waiting: Void = bell.wait(atMost: .seconds(3600))
        bell.ring()
        try await waiting
    }

    @Test func `a wait that is shorter than the one before ends in its own time`() async throws {
        let bell = Doorbell()
        bell.ring()
        try await bell.wait(atMost: .seconds(3600))
        async let long: Void = bell.wait(atMost: .seconds(3600))
        bell.ring()
        try await long
        for _ in 0..<3 { try await bell.wait(atMost: .milliseconds(5)) }
        async let endless: Void = bell.wait()
        bell.ring()
        try await endless
    }

    @Test func `a cancelled wait throws`() async throws {
        let bell = Doorbell()
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bell.wait(atMost: .seconds(3600)) }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
    }
}

import Testing

@testable import PluginRuntime

@Suite("Generations")
struct GenerationsTests {
    private let start = ContinuousClock.now

    @Test func `new code moves on, a late caller does not move back`() {
        var generations = Generations("old")
        #expect(generations.moveOn(to: "old", at: start) == false)
        #expect(generations.moveOn(to: "new", at: start) == true)
        #expect(generations.moveOn(to: "old", at: start + .seconds(1)) == false)
        #expect(generations.current == "new")
    }

    @Test func `code that was restored later is new code`() {
        var generations = Generations("old")
        _ = generations.moveOn(to: "new", at: start)
        #expect(generations.moveOn(to: "old", at: start + Generations.lateness) == true)
        #expect(generations.current == "old")
    }
}

import Testing

@testable import Ingest

@Suite("Repeat filter") struct RepeatFilterTests {
    @Test func `what was met is known for certain, and of what is new hardly anything`() {
        var filter = RepeatFilter()
        let texts = (0..<100_000).map { "text \($0)" }
        #expect(texts.count { filter.mayRepeat($0) } <= 2)
        #expect(texts.allSatisfy { filter.mayRepeat($0) })
    }
}

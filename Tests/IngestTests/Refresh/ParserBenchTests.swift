import Glibc
import Testing

@testable import Ingest

@Suite("Parser bench") struct ParserBenchTests {
    @Test func `parsers give way to everything else`() async throws {
        let bench = ParserBench(0)
        let niceness = try await bench.work { _ in getpriority(Int32(PRIO_PROCESS.rawValue), 0) }
        #expect(niceness >= 2)
    }
}

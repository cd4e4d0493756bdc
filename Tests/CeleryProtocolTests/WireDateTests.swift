import CeleryProtocol
import Foundation
import Testing

@Suite("Times on the wire") struct WireDateTests {
    @Test(arguments: [
        ("2026-11-22T13:41:56.171211+00:00", 1_795_354_916.171211),
        ("2026-11-22T19:11:56.171211+05:30", 1_795_354_916.171211),
        ("2026-11-22T19:11:56.171211+0530", 1_795_354_916.171211),
        ("2026-11-22T08:41:56.171211-05", 1_795_354_916.171211),
        ("2026-11-22T13:41:56.171211Z", 1_795_354_916.171211),
        ("2026-11-22T13:41:56.171211", 1_795_354_916.171211),
        ("2026-11-22 13:41:56.171211999", 1_795_354_916.171211),
        ("2026-11-22T13:41:56.5+00:00", 1_795_354_916.5),
        ("2026-11-22T13:41:56Z", 1_795_354_916), ("2026-11-22T13:41Z", 1_795_354_860),
        ("2026-11-22", 1_795_305_600), ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.5Z", -0.5),
        ("2000-02-29T00:00:00Z", 951_782_400), ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func `every spelling Celery was seen to send is read`(text: String, seconds: Double) {
        #expect(WireDate.parse(text)?.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        "", "soon", "2026", "2026-11", "2026-13-01", "2026-02-29", "2026-11-31", "0000-01-01", "2026-11-22T",
        "2026-11-22T24:00:00", "2026-11-22T13:60:00", "2026-11-22T13:41:60", "2026-11-22T13:41:56.",
        "2026-11-22T13:41:56.1234567890", "2026-11-22T13:41:56+", "2026-11-22T13:41:56+5:30", "2026-11-22T13:41:56Zx",
        "2026-11-22X13:41:56", " 2026-11-22", "２０２６-11-22",
    ])
    func `what is no time is no time`(text: String) {
        #expect(WireDate.parse(text) == nil)
    }

    @Test func `a time without an offset is in the configured zone`() {
        #expect(WireDate.parse("2026-11-22T13:41:56", naiveOffset: 3600)?.timeIntervalSince1970 == 1_795_351_316)
        #expect(WireDate.parse("2026-11-22T13:41:56Z", naiveOffset: 3600)?.timeIntervalSince1970 == 1_795_354_916)
    }

    @Test(arguments: [
        (1_795_354_916.171211, "2026-11-22T13:41:56.171211+00:00"), (0, "1970-01-01T00:00:00+00:00"),
        (-0.5, "1969-12-31T23:59:59.500000+00:00"), (951_782_400, "2000-02-29T00:00:00+00:00"),
        (-1e15, "0001-01-01T00:00:00+00:00"), (1e15, "9999-12-31T23:59:59+00:00"),
    ])
    func `a time is written as Python writes it`(seconds: Double, text: String) {
        #expect(WireDate.text(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test(arguments: 0..<100 as Range<UInt64>) func `writing and reading agree to the microsecond`(seed: UInt64) {
        var generator = SplitMix(state: seed)
        let microseconds = Int.random(in: -62_135_596_800_000_000...253_402_300_799_000_000, using: &generator)
        let date = Date(timeIntervalSince1970: Double(microseconds) / 1e6)
        #expect(WireDate.parse(WireDate.text(date)).map(WireDate.text) == WireDate.text(date))
    }
}

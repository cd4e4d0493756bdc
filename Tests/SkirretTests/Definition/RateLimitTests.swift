import Skirret
import Testing

@Suite("Rate limit") struct RateLimitTests {
    @Test(arguments: [
        ("10/s", RateLimit(10, per: .seconds(1))), ("10/m", RateLimit(10, per: .seconds(60))),
        ("100/h", RateLimit(100, per: .seconds(3600))), ("0.5", RateLimit(0.5, per: .seconds(1))),
        (" 2.5 / M ", RateLimit(2.5, per: .seconds(60))), ("0", RateLimit(0, per: .seconds(1))),
    ])
    func `Celery's form is read`(text: String, limit: RateLimit) {
        #expect(RateLimit(celery: text) == limit)
        #expect(RateLimit(celery: limit.celery) == limit)
    }

    @Test(arguments: ["", "/", "10/d", "ten/s", "-1/s", "1/s/s", "inf", "nan"])
    func `anything else is refused`(text: String) { #expect(RateLimit(celery: text) == nil) }

    @Test func `a rate says how far apart its runs are`() {
        #expect(RateLimit(10, per: .seconds(60)).interval == .seconds(6))
        #expect(RateLimit(0, per: .seconds(60)).interval == nil)
        #expect(RateLimit(6, per: .seconds(120)).celery == "0.05")
    }
}

import Foundation
import Testing

@testable import Catalog

@Suite("Django's datetimes") struct DjangoTimeTests {
    @Test(arguments: [
        (0.0, "1970-01-01 00:00:00"), (951_827_696.5, "2000-02-29 12:34:56.500000"),
        (1_772_388_300.000001, "2026-03-01 18:05:00.000001"), (-1.0, "1969-12-31 23:59:59"),
        (4_102_444_800.0, "2100-01-01 00:00:00"), (-62_135_596_800.0, "0001-01-01 00:00:00"),
    ])
    func `are written as Python writes them`(seconds: Double, text: String) {
        let date = Date(timeIntervalSince1970: seconds)
        #expect(DjangoTime.text(date) == text)
        #expect(DjangoTime.date(text).map { abs($0.timeIntervalSince1970 - seconds) < 1e-6 } == true)
    }

    @Test(arguments: ["2026-03-01T18:05:00Z", "2026-03-01 18:05:00+00:00", "2026-03-01 18:05:00.0"])
    func `are read in related spellings`(text: String) {
        #expect(DjangoTime.date(text)?.timeIntervalSince1970 == 1_772_388_300)
    }

    @Test(arguments: ["", "2026-03-01", "2026-13-01 00:00:00", "2026-03-01 25:00:00", "2026-03-01 18:05:00+01:00", "x"])
    func `are refused when they are none`(text: String) {
        #expect(DjangoTime.date(text) == nil)
    }

    @Test func `sort as text in the order of time`() {
        let seconds = [0, 0.5, 1, 59.999999, 60, 86399.75, 86400]
        let texts = seconds.map { DjangoTime.text(Date(timeIntervalSince1970: $0)) }
        #expect(texts == texts.sorted())
    }

    @Test func `an identifier has no dashes`() throws {
        let id = try #require(UUID(uuidString: "0F8FAD5B-D9CB-469F-A165-70867728950E"))
        #expect(id.djangoText == "0f8fad5bd9cb469fa16570867728950e")
        #expect(UUID(djangoText: id.djangoText) == id)
    }
}

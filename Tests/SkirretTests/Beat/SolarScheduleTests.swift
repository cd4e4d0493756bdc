import Foundation
import Testing

@testable import Skirret

@Suite("Solar") struct SolarScheduleTests {
    /// Event, latitude, longitude, asked at, expected, both in Unix seconds: what Celery 5.7 answers with ephem 4.2.1.
    struct Recorded: Sendable, CustomStringConvertible {
        let event: SolarSchedule.Event
        let latitude, longitude: Double
        let asked, expected: Double

        init?(_ line: some StringProtocol) {
            let parts = line.split(separator: " ")
            guard parts.count == 5, let event = SolarSchedule.Event(rawValue: String(parts[0])),
                let latitude = Double(parts[1]), let longitude = Double(parts[2]), let asked = Double(parts[3]),
                let expected = Double(parts[4])
            else { return nil }
            (self.event, self.latitude, self.longitude) = (event, latitude, longitude)
            (self.asked, self.expected) = (asked, expected)
        }

        var description: String { "\(event.rawValue) at \(latitude), \(longitude) after \(Int(asked))" }

        func difference() throws -> Double {
            let rule = try SolarSchedule(event, latitude: latitude, longitude: longitude)
            let due = rule.next(after: Date(timeIntervalSince1970: asked)) ?? .distantFuture
            return due.timeIntervalSince1970 - expected
        }
    }

    static let recorded = """
        dawn_astronomical -33.87 151.21 2197496371 2197566190
        dawn_astronomical -7.8373 -140.4258 1687766056 1687789168
        dawn_astronomical 0.0 0.0 1957709500 1957755103
        dawn_astronomical 0.0 0.0 2095832082 2095907999
        dawn_astronomical 40.7128 -74.006 1798983287 1799059326
        dawn_civil -17.7 178.0 1858207106 1858266012
        dawn_civil -17.7 178.0 2177066078 2177082577
        dawn_civil -20.5911 51.5279 1995023873 1995070572
        dawn_civil -27.9922 172.8629 2127520495 2127581240
        dawn_civil 58.6979 -9.3246 1642980098 1643012010
        dawn_nautical -54.8 -68.3 2102856928 2102926792
        dawn_nautical 21.3 -157.86 1859958833 1859990778
        dawn_nautical 33.0185 -7.9082 2043760299 2043812196
        dawn_nautical 40.7128 -74.006 1760376839 1760436429
        dawn_nautical 49.9183 -132.9252 2139947718 2140006683
        dusk_astronomical -42.1441 29.3761 1977695616 1977757917
        dusk_astronomical 0.0 0.0 1665727951 1665773923
        dusk_astronomical 0.0 0.0 1828379514 1828465873
        dusk_astronomical 52.52 13.405 1627854572 1627855257
        dusk_astronomical 52.52 13.405 1650150751 1650227087
        dusk_civil -33.87 151.21 2115955317 2115970535
        dusk_civil -54.8 -68.3 2091753192 2091824331
        dusk_civil 0.0 0.0 2027883920 2027960787
        dusk_civil 18.9365 -48.174 1725212807 1725227337
        dusk_civil 40.7128 -74.006 2179408470 2179434727
        dusk_nautical -36.0704 6.3499 1608953997 1609012880
        dusk_nautical -54.8 -68.3 1664313958 1664323230
        dusk_nautical -54.8 -68.3 1953837982 1953861122
        dusk_nautical 0.0 0.0 1817058697 1817060218
        dusk_nautical 21.3 -157.86 1712582281 1712641056
        solar_noon -22.1077 108.2965 2075151643 2075171722
        solar_noon -33.87 151.21 1656349627 1656381503
        solar_noon 0.0 0.0 1629683956 1629720154
        solar_noon 0.0 0.0 2151849472 2151922197
        solar_noon 48.046 -79.7684 1963064400 1963070849
        sunrise -25.1318 28.0606 1883418923 1883448800
        sunrise 21.3 -157.86 1651670452 1651679920
        sunrise 40.7128 -74.006 1641138624 1641212412
        sunrise 40.7128 -74.006 2078189173 2078220936
        sunrise 51.0893 -55.0781 1959513482 1959592287
        sunset -17.7 178.0 2147699885 2147755763
        sunset -44.6901 -171.6855 1966265549 1966307902
        sunset 0.0 0.0 1686783335 1686852247
        sunset 21.4467 113.4169 2029482966 2029488535
        sunset 36.956 134.8247 1999150440 1999158939
        """.split(separator: "\n").compactMap(Recorded.init)

    @Test func `the recording is complete`() { #expect(Self.recorded.count == 45) }

    @Test(arguments: recorded) func `it agrees with Celery's own to fifteen seconds`(one: Recorded) throws {
        #expect(abs(try one.difference()) <= 15)
    }

    @Test func `it agrees with Celery's own at a thousand more places and times`() async throws {
        guard let lines = try Self.ask("ephem", Self.program) else { return }
        let cases = lines.split(separator: "\n").compactMap(Recorded.init)
        #expect(cases.count == 1000)
        let differences = try cases.map { (abs(try $0.difference()), $0) }
        // The flatter the sun crosses its altitude, the longer a hundredth of a degree lasts: beyond 48 degrees there
        // are nights without astronomical dusk, and at the edge of a polar day the answer may be another day.
        for (difference, one) in differences where abs(one.latitude) <= 60 {
            #expect(difference <= (abs(one.latitude) <= 45 ? 15 : 120), "\(one)")
        }
        let far = differences.filter { $0.0 > 120 }
        #expect(far.count <= 3, "\(far.map(\.1))")
    }

    @Test func `a polar night has no sunrise, and the first one after it says so`() throws {
        let rule = try SolarSchedule(.sunrise, latitude: 69.65, longitude: 18.96)  // Tromsø
        let firings = Schedule.solar(rule).next(after: try instant("2026-11-24T00:00:00Z"), count: 6)
        let days = firings.map { String($0.date.formatted(.iso8601).prefix(10)) }
        #expect(days.prefix(3) == ["2026-11-24", "2026-11-25", "2026-11-26"])
        #expect((days.last ?? "") > "2027-01-12")
        let first = try #require(firings.first { $0.date > Date(timeIntervalSince1970: 1_798_761_600) })
        #expect(first.shift?.kind == .polar)
        #expect(firings.filter { $0.shift != nil }.count == 1)
    }

    @Test func `at the poles the sun rises and sets once a year`() throws {
        for latitude in [90.0, -90, 89.99] {
            for event in [SolarSchedule.Event.sunrise, .sunset] {
                let rule = try SolarSchedule(event, latitude: latitude, longitude: 0)
                let start = try instant("2026-06-01T00:00:00Z")
                let firings = Schedule.solar(rule).next(after: start, count: 4)
                let years = zip(firings, firings.dropFirst()).map { $1.date.timeIntervalSince($0.date) / 86_400 }
                for year in years { #expect((364.0...367).contains(year), "\(latitude) \(event)") }
            }
        }
    }

    @Test func `everybody who asks gets the same second`() throws {
        let rule = try SolarSchedule(.duskNautical, latitude: 52.5, longitude: 13.4)
        let start = try instant("2026-11-22T19:00:00Z")
        let due = try #require(rule.next(after: start))
        for hours in 0..<60 {
            let earlier = due - Double(hours) * 1371 - 0.25
            guard earlier > due - 86_000 else { continue }
            #expect(rule.next(after: earlier) == due)
        }
        #expect(try #require(rule.next(after: due)) > due + 80_000)
    }

    @Test func `a place that is not on Earth is refused`() {
        #expect(throws: SolarSchedule.Invalid.self) { try SolarSchedule(.sunset, latitude: 90.1, longitude: 0) }
        #expect(throws: SolarSchedule.Invalid.self) { try SolarSchedule(.sunset, latitude: 0, longitude: -181) }
        #expect(throws: SolarSchedule.Invalid.self) { try SolarSchedule(.sunset, latitude: .nan, longitude: 0) }
    }

    private func instant(_ text: String) throws -> Date { try Date.ISO8601FormatStyle().parse(text) }

    /// What a Python program prints; nil, with the reason printed, when there is no Python with that module.
    static func ask(_ module: String, _ program: String) throws -> String? {
        // Not standardized: that would follow the link out of the virtual environment.
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        let python = root.appending(path: ".venv-test/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path) else {
            print("skipped: there is no .venv-test; deploy/test makes it")
            return nil
        }
        let process = Process()
        process.executableURL = python
        process.arguments = ["-c", program]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            print("skipped: .venv-test has no \(module)")
            return nil
        }
        return text
    }

    private static let program = """
        import ephem, random, datetime
        from celery import Celery
        from celery.schedules import solar
        app, chance, utc = Celery(), random.Random(20261122), datetime.timezone.utc
        events = sorted(solar._all_events)
        places = [(69.65, 18.96), (-54.8, -68.3), (78.22, 15.65), (-77.85, 166.67), (64.15, -21.94), (-17.7, 178.0)]
        for _ in range(1000):
            place = (round(chance.uniform(-60, 60), 4), round(chance.uniform(-180, 180), 4))
            if chance.random() < 0.2: place = chance.choice(places)
            asked = datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=chance.randrange(21 * 365 * 86400))
            rule = solar(chance.choice(events), *place, app=app)
            rule.cal.date = asked
            due = rule._next_event(ephem.Date(asked)).datetime().replace(tzinfo=utc)
            print(rule.event, *place, int(asked.replace(tzinfo=utc).timestamp()), round(due.timestamp()))
        """
}

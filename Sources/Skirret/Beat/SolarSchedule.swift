import Foundation

/// An event of the sun at a place, as Celery and django_celery_beat name them.
///
/// Within 15 seconds of Celery's own answers up to 45 degrees of latitude, within two minutes up to 60; close to the days
/// at which a polar day, a polar night or a night without dusk begins or ends the sun moves so flat that it may be another
/// day. A day on which it does not happen has no firing.
public struct SolarSchedule: Sendable, Hashable {
    /// The moments of a day that Celery knows.
    public enum Event: String, Sendable, CaseIterable {
        /// The sun climbs to 18, 12 or 6 degrees below the horizon.
        case dawnAstronomical = "dawn_astronomical", dawnNautical = "dawn_nautical", dawnCivil = "dawn_civil"
        /// The upper edge of the disc appears, lifted by 34 minutes of arc of refraction.
        case sunrise
        /// The sun crosses the meridian: also in a polar night.
        case solarNoon = "solar_noon"
        /// The upper edge of the disc disappears.
        case sunset
        /// The sun sinks to 6, 12 or 18 degrees below the horizon.
        case duskCivil = "dusk_civil", duskNautical = "dusk_nautical", duskAstronomical = "dusk_astronomical"
    }

    /// An event or a place that does not exist.
    public struct Invalid: Error, Sendable, CustomStringConvertible {
        /// What is wrong and how it should look.
        public let description: String
    }

    /// Which moment of the day.
    public let event: Event
    /// Degrees north of the equator, -90 to 90.
    public let latitude: Double
    /// Degrees east of Greenwich, -180 to 180.
    public let longitude: Double

    /// An event at a place.
    ///
    /// - Throws: ``Invalid`` for a place that is not on Earth.
    public init(_ event: Event, latitude: Double, longitude: Double) throws(Invalid) {
        guard (-90...90).contains(latitude) else {
            throw Invalid(description: "latitude: expected -90 to 90 degrees, got \(latitude)")
        }
        guard (-180...180).contains(longitude) else {
            throw Invalid(description: "longitude: expected -180 to 180 degrees, got \(longitude)")
        }
        self.event = event
        self.latitude = latitude
        self.longitude = longitude
    }

    /// An event by its name at a place.
    ///
    /// - Throws: ``Invalid`` for a name nobody knows, or a place that is not on Earth.
    public init(event name: String, latitude: Double, longitude: Double) throws(Invalid) {
        guard let event = Event(rawValue: name) else {
            let known = Event.allCases.map(\.rawValue).joined(separator: ", ")
            throw Invalid(description: "solar event '\(name)' is unknown; choose one of \(known)")
        }
        try self.init(event, latitude: latitude, longitude: longitude)
    }

    /// The first due time after an instant: a whole second.
    ///
    /// Nil when there is none within two years, which no place on Earth has.
    func next(after instant: Date) -> Date? {
        let start = instant.timeIntervalSince1970
        // Everything below depends on the number of the day alone, so that all who ask get the same second.
        let firstDay = Int(((start + longitude * 240) / 86_400).rounded(.down)) - 1
        for day in firstDay..<(firstDay + 732) {
            for due in dues(on: day) where due > start { return Date(timeIntervalSince1970: due) }
        }
        return nil
    }

    /// The event between the two midnights, by the sun, that begin and end a day; mostly one.
    private func dues(on day: Int) -> [Double] {
        let noon = culmination(near: Double(day) * 86_400 + 43_200 - longitude * 240, hourAngle: 0)
        if event == .solarNoon { return [noon.rounded(.up)] }
        let midnights = [0, 86_400].map {
            culmination(near: Double(day) * 86_400 + Double($0) - longitude * 240, hourAngle: 180)
        }
        // Near the poles it is the season that lifts the sun over the horizon, and that may happen in the afternoon.
        return [crossing(midnights[0], noon), crossing(noon, midnights[1])].compactMap { $0?.rounded(.up) }
    }

    /// When the sun stands at an hour angle, close to a guess.
    private func culmination(near guess: Double, hourAngle: Double) -> Double {
        var second = guess
        for _ in 0..<3 {
            let distance = (SunPosition(at: second).hourAngle(longitude: longitude) - hourAngle)
                .remainder(dividingBy: 360)
            second -= distance * 240
        }
        return second
    }

    /// When the sun passes the event's altitude in the event's direction; nil when it does not between two seconds
    /// around which it only climbs, or only sinks.
    private func crossing(_ from: Double, _ to: Double) -> Double? {
        let sign: Double = isRising ? 1 : -1
        guard sign * height(at: from) < 0, sign * height(at: to) >= 0 else { return nil }
        var early = from, late = to
        while late - early > 0.05 {
            let middle = (early + late) / 2
            if sign * height(at: middle) < 0 { early = middle } else { late = middle }
        }
        return late
    }

    /// Degrees above the altitude at which the event happens.
    private func height(at second: Double) -> Double {
        let sun = SunPosition(at: second)
        let altitude = sun.altitude(latitude: latitude, longitude: longitude)
        return switch event {
        case .sunrise, .sunset: altitude + sun.radius + 34.0 / 60
        case .dawnCivil, .duskCivil: altitude + 6
        case .dawnNautical, .duskNautical: altitude + 12
        case .dawnAstronomical, .duskAstronomical: altitude + 18
        case .solarNoon: altitude
        }
    }

    private var isRising: Bool {
        switch event {
        case .dawnAstronomical, .dawnNautical, .dawnCivil, .sunrise, .solarNoon: true
        case .sunset, .duskCivil, .duskNautical, .duskAstronomical: false
        }
    }
}

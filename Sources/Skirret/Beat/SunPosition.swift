import Foundation

/// Where the sun stands, good to about 0.01 degrees between 1950 and 2050.
///
/// The low-accuracy series of Jean Meeus, "Astronomical Algorithms" (2nd edition), chapters 12, 22 and 25, which NOAA's
/// solar calculator uses too (https://gml.noaa.gov/grad/solcalc/calcdetails.html). Hour angles come from sidereal time
/// and right ascension rather than from NOAA's equation of time, whose short series alone is off by some seconds.
struct SunPosition {
    /// Degrees north of the equator.
    let declination: Double
    /// Degrees, in the equinox of date.
    let rightAscension: Double
    /// Degrees: how far Greenwich has turned against the stars.
    let siderealTime: Double
    /// Degrees: half of what the disc measures from here.
    let radius: Double

    /// - Parameter second: Seconds since 1970, UTC.
    init(at second: Double) {
        let days = second / 86_400 + 2_440_587.5 - 2_451_545
        let t = days / 36_525
        let meanLongitude = 280.46646 + t * (36_000.76983 + t * 0.0003032)
        let anomaly = 357.52911 + t * (35_999.05029 - t * 0.0001537)
        let eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267)
        let centre =
            sine(anomaly) * (1.914602 - t * (0.004817 + t * 0.000014))
            + sine(2 * anomaly) * (0.019993 - t * 0.000101) + sine(3 * anomaly) * 0.000289
        let node = 125.04 - 1934.136 * t
        let nutation = -0.00478 * sine(node)
        let longitude = meanLongitude + centre - 0.00569 + nutation
        let obliquity = 23.4392911 - t * (0.0130042 + t * (0.00000016 - t * 0.000000504)) + 0.00256 * cosine(node)
        let distance =
            1.000001018 * (1 - eccentricity * eccentricity) / (1 + eccentricity * cosine(anomaly + centre))
        declination = degrees(asin(sine(obliquity) * sine(longitude)))
        rightAscension = degrees(atan2(cosine(obliquity) * sine(longitude), cosine(longitude)))
        siderealTime =
            280.46061837 + 360.98564736629 * days + t * t * 0.000387933 + nutation * cosine(obliquity)
        radius = 959.63 / 3600 / distance
    }

    /// Degrees by which the sun has passed the meridian, from -180 to 180; negative in the morning.
    func hourAngle(longitude: Double) -> Double {
        (siderealTime + longitude - rightAscension).remainder(dividingBy: 360)
    }

    /// Degrees by which the disc's centre stands above the horizon, without the air's refraction.
    func altitude(latitude: Double, longitude: Double) -> Double {
        degrees(
            asin(
                min(
                    1,
                    max(
                        -1,
                        sine(latitude) * sine(declination) + cosine(latitude) * cosine(declination)
                            * cosine(hourAngle(longitude: longitude))))))
    }
}

private func sine(_ degrees: Double) -> Double { sin(degrees * .pi / 180) }
private func cosine(_ degrees: Double) -> Double { cos(degrees * .pi / 180) }
private func degrees(_ radians: Double) -> Double { radians * 180 / .pi }

public import FoundationEssentials

/// Points in time as Django writes them into SQLite: UTC text, `2026-03-01 18:05:00[.123456]`.
///
/// The fraction is left out when it is zero, as Python's `str(datetime)` does: SQLite compares these
/// columns as text, and `18:05:00.000000` would sort after Django's own `18:05:00`.
public enum DjangoTime {
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// The text for a date, rounded to microseconds.
    ///
    /// Years 0001 to 9999.
    public static func text(_ date: Date) -> String {
        let microseconds = Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
        let days = floorDivide(microseconds, microsecondsPerDay)
        let ofDay = microseconds - days * microsecondsPerDay
        let (year, month, day) = civil(fromDays: days)
        let seconds = ofDay / 1_000_000
        let fraction = ofDay % 1_000_000
        var bytes: [UInt8] = []
        bytes.reserveCapacity(26)
        append(year, digits: 4, to: &bytes)
        append(month, digits: 2, after: "-", to: &bytes)
        append(day, digits: 2, after: "-", to: &bytes)
        append(seconds / 3600, digits: 2, after: " ", to: &bytes)
        append(seconds / 60 % 60, digits: 2, after: ":", to: &bytes)
        append(seconds % 60, digits: 2, after: ":", to: &bytes)
        if fraction != 0 { append(fraction, digits: 6, after: ".", to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The date that a text stands for, also with `T` in the middle or `Z` or `+00:00` at the end; nil for anything else.
    public static func date(_ text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: " ") || bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var microseconds: Int64 = 0
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { $0 >= 0x30 && $0 <= 0x39 }
            guard let value = number(digits.prefix(6)), !digits.isEmpty else { return nil }
            microseconds = (0..<max(0, 6 - digits.count)).reduce(value) { scaled, _ in scaled * 10 }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard rest.isEmpty || rest.elementsEqual("Z".utf8) || rest.elementsEqual("+00:00".utf8) else { return nil }
        let seconds = days(fromYear: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60 + second
        return Date(timeIntervalSince1970: Double(seconds) + Double(microseconds) / 1_000_000)
    }

    private static func append(_ value: Int64, digits: Int, after mark: Unicode.Scalar? = nil, to bytes: inout [UInt8])
    {
        if let mark { bytes.append(UInt8(ascii: mark)) }
        var unit: Int64 = 1
        for _ in 1..<digits { unit *= 10 }
        while unit > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: value / unit % 10))
            unit /= 10
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    // The Gregorian calendar in eras of 400 years that begin on 1 March, so that leap days come last.
    // https://howardhinnant.github.io/date_algorithms.html

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, 146_097)
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func days(fromYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = floorDivide(year, 400)
        let yearOfEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }
}

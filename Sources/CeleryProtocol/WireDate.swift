#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Celery's times: ISO 8601 as Python's `isoformat()` writes it and `fromisoformat()` reads it.
///
/// Read: any offset (`+05:30`, `+0530`, `+05`, `Z`), none at all, with a fraction of one to nine digits
/// or without, `T` or a blank between date and time, a date alone. Written: UTC with microseconds.
public enum WireDate {
    /// The time that a text names; nil when it names none.
    ///
    /// - Parameters:
    ///   - text: the ISO 8601 text.
    ///   - naiveOffset: seconds east of UTC for a text without an offset: Celery's `timezone` setting.
    /// - Returns: the time, exact to the microsecond.
    public static func parse(_ text: String, naiveOffset: Int = 0) -> Date? {
        var text = text
        return text.withUTF8 { bytes in
            var reader = Reader(bytes: bytes)
            return reader.date(naiveOffset: naiveOffset)
        }
    }

    /// The time as Python's UTC `isoformat()` writes it.
    ///
    /// `2026-11-22T13:41:56.171211+00:00`, without a fraction when it is zero. Years outside 1...9999,
    /// which Python cannot read, become the nearest it can.
    public static func text(_ date: Date) -> String {
        let limits = (earliest: -62_135_596_800.0, latest: 253_402_300_799.0)
        let seconds = min(max(date.timeIntervalSince1970, limits.earliest), limits.latest)
        let total = Int((seconds * 1e6).rounded())
        let (day, time) = floorDivide(total, 86_400_000_000)
        let (year, month, dayOfMonth) = civil(fromDays: day)
        let second = time / 1_000_000
        var parts =
            [
                (year, 4, "-"), (month, 2, "-"), (dayOfMonth, 2, "T"), (second / 3600, 2, ":"),
                (second / 60 % 60, 2, ":"),
                (second % 60, 2, "+"),
            ] as [(number: Int, width: Int, after: Unicode.Scalar)]
        if time % 1_000_000 != 0 {
            parts[5].after = "."
            parts.append((time % 1_000_000, 6, "+"))
        }
        return String(unsafeUninitializedCapacity: 32) { text in
            var position = 0
            for part in parts {
                var number = part.number
                for place in stride(from: part.width - 1, through: 0, by: -1) {
                    text[position + place] = UInt8(ascii: "0") + UInt8(number % 10)
                    number /= 10
                }
                text[position + part.width] = UInt8(ascii: part.after)
                position += part.width + 1
            }
            for byte in "00:00".utf8 {
                text[position] = byte
                position += 1
            }
            return position
        }
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// The Gregorian date of a day counted from 1970-01-01, by 400-year eras that begin on 1 March.
    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// The inverse of `civil(fromDays:)`.
    fileprivate static func days(year: Int, month: Int, day: Int) -> Int {
        let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    fileprivate static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads one date from bytes, from left to right; nil at the first byte that does not fit.
private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    mutating func date(naiveOffset: Int) -> Date? {
        guard let day = day() else { return nil }
        var seconds = day * 86_400
        var microseconds = 0
        var offset = naiveOffset
        if position < bytes.count {
            guard skip("T") || skip("t") || skip(" "), let time = timeOfDay() else { return nil }
            seconds += time.seconds
            microseconds = time.microseconds
            if position < bytes.count {
                guard let stated = statedOffset(), position == bytes.count else { return nil }
                offset = stated
            }
        }
        let total = (seconds - offset) * 1_000_000 + microseconds
        return Date(timeIntervalSince1970: Double(total) / 1e6)
    }

    private mutating func day() -> Int? {
        guard let year = number(4), year >= 1, skip("-"), let month = number(2), (1...12).contains(month),
            skip("-"), let day = number(2), day >= 1, day <= WireDate.daysInMonth(month, of: year)
        else { return nil }
        return WireDate.days(year: year, month: month, day: day)
    }

    private mutating func timeOfDay() -> (seconds: Int, microseconds: Int)? {
        guard let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60 else { return nil }
        guard skip(":") else { return (hour * 3600 + minute * 60, 0) }
        guard let second = number(2), second < 60 else { return nil }
        let whole = hour * 3600 + minute * 60 + second
        guard skip(".") || skip(",") else { return (whole, 0) }
        guard let fraction = fraction() else { return nil }
        return (whole, fraction)
    }

    /// One to nine digits after the point, cut to microseconds as Python cuts them.
    private mutating func fraction() -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, let digit = digit() {
            if position - start < 6 { value = value * 10 + digit }
            position += 1
        }
        let count = position - start
        guard (1...9).contains(count) else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    private mutating func statedOffset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let sign = skip("-") ? -1 : 1
        guard sign == -1 || skip("+"), let hours = number(2), hours < 24 else { return nil }
        guard position < bytes.count else { return sign * hours * 3600 }
        _ = skip(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        var seconds = 0
        if skip(":") {
            guard let stated = number(2), stated < 60 else { return nil }
            seconds = stated
        }
        return sign * (hours * 3600 + minutes * 60 + seconds)
    }

    private func digit() -> Int? {
        let value = bytes[position] &- UInt8(ascii: "0")
        return value < 10 ? Int(value) : nil
    }

    private mutating func number(_ width: Int) -> Int? {
        guard position + width <= bytes.count else { return nil }
        var value = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
            position += 1
        }
        return value
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}

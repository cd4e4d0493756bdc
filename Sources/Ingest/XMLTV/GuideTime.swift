/// Reads XMLTV's times, in every spelling that feeds use.
///
///     20261122183000 +0100   the standard
///     20261122183000+0100    no blank        20261122183000 +01:00   colon
///     202611221830           no seconds      20261122                midnight
///     20261122183000 UTC     a zone's name   20261122183000          UTC
enum GuideTime {
    /// Seconds since 1970 in UTC; nil when the text is no time between the years 1970 and 2199.
    static func unixSeconds(_ text: String) -> Int64? {
        var text = text
        return text.withUTF8 { unixSeconds($0) }
    }

    /// The same of a text's bytes.
    static func unixSeconds(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        var end = 0
        while end < bytes.count, bytes[end].isDigit { end += 1 }
        guard let local = localSeconds(bytes[..<end]), let offset = offsetSeconds(bytes[end...]) else { return nil }
        let seconds = local - offset
        return seconds >= 0 ? seconds : nil
    }

    private static func localSeconds(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        guard digits.count.isMultiple(of: 2), (8...14).contains(digits.count) else { return nil }
        func number(_ offset: Int, _ length: Int) -> Int {
            var value = 0
            for index in offset..<(offset + length) where index < digits.count {
                value = value * 10 + Int(digits[digits.startIndex + index] - 0x30)
            }
            return value
        }
        let (year, month, day) = (number(0, 4), number(4, 2), number(6, 2))
        let (hour, minute, second) = (number(8, 2), number(10, 2), number(12, 2))
        guard (1970...2199).contains(year), (1...12).contains(month), (1...daysIn(month, year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        return Int64(daysSince1970(year, month, day)) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    private static func offsetSeconds(_ rest: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        if let offset = standardOffset(rest) { return offset }
        let text = String(decoding: rest, as: UTF8.self).trimmed
        guard let sign = text.first, sign == "+" || sign == "-" else {
            // A zone nobody knows counts as UTC, as upstream does with everything but an offset.
            return Int64(zones[text.uppercased()] ?? 0) * 60
        }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard digits.count == 4 || digits.count == 2, digits.utf8.allSatisfy(\.isDigit), let value = Int(digits)
        else { return nil }
        let (hours, minutes) = digits.count == 4 ? (value / 100, value % 100) : (value, 0)
        guard hours <= 14, minutes < 60 else { return nil }
        return Int64((sign == "-" ? -1 : 1) * (hours * 3600 + minutes * 60))
    }

    /// ` +0100`, as nearly all feeds write it; nil for any other spelling.
    private static func standardOffset(_ rest: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        guard rest.count == 6, let first = rest.first, first == 0x20 else { return nil }
        let sign = rest[rest.startIndex + 1]
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        var value = 0
        for byte in rest.dropFirst(2) {
            guard byte.isDigit else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        guard value / 100 <= 14, value % 100 < 60 else { return nil }
        return Int64((sign == UInt8(ascii: "-") ? -1 : 1) * (value / 100 * 3600 + value % 100 * 60))
    }

    /// Minutes east of Greenwich.
    private static let zones: [String: Int] = [
        "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
        "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    ]

    private static func daysIn(_ month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        switch month {
        case 2: return isLeap ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// Days in the proleptic Gregorian calendar, counting years from March so that leap days come last.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return y * 365 + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
    }
}

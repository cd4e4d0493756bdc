/// A day of the Gregorian calendar.
struct CivilDate {
    let year: Int
    /// 1–12.
    let month: Int
    /// 1–31.
    let day: Int
    /// 0–6, from Sunday.
    let weekday: Int

    /// The date of a day counted from 1970-01-01, a Thursday.
    ///
    /// After Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    init(day number: Int) {
        let shifted = number + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        weekday = ((number + 4) % 7 + 7) % 7
    }
}

/// Towards minus infinity.
func floorDivide(_ value: Int, _ by: Int) -> Int {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
    return remainder < 0 ? quotient - 1 : quotient
}

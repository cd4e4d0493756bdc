/// A schedule that cannot be kept: nobody could fire it, or not as it was meant.
public struct InvalidSchedule: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where, as a path in the definition: `schedule.crontab`, `priority`.
    public let path: String
    /// What is wrong and how it should look.
    public let reason: String

    /// An error with its two parts.
    public init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    /// Both parts.
    public var description: String { "\(path): \(reason)" }
}

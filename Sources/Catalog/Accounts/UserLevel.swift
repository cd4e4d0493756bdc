/// What a person may do, as Dispatcharr numbers it.
///
/// Compare, do not match: the numbers leave room between them.
public struct UserLevel: RawRepresentable, Sendable, Hashable, Comparable {
    /// Larger is more.
    public let rawValue: Int

    /// Any number that is in the column.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Watches, and sees nothing of the administration but the own account.
    public static let streamer = UserLevel(rawValue: 0)
    /// Reads, and changes nothing but the own account.
    public static let standard = UserLevel(rawValue: 1)
    /// Everything.
    public static let admin = UserLevel(rawValue: 10)

    /// The levels a person may be given.
    public static let all: [UserLevel] = [.streamer, .standard, .admin]

    /// Less is less allowed.
    public static func < (left: UserLevel, right: UserLevel) -> Bool { left.rawValue < right.rawValue }
}

import Synchronization

/// A Lua script under a name of ours; Redis is sent its text once, then only its digest.
///
/// Keep it in a `static let`: all copies share what was learnt about the digest.
public struct RedisScript: Sendable, CustomStringConvertible {
    /// Stands in error messages and logs.
    public let name: String
    /// The Lua text.
    public let source: String
    /// Whether running it twice with the same arguments is the same as running it once, its answer included.
    ///
    /// Then a run whose answer was lost is repeated within its deadline, and the caller never hears of it.
    public let isRepeatable: Bool
    private let digest = Digest()

    /// A script from the bytes of its file; not repeatable unless it says so.
    public init(name: String, source: [UInt8], isRepeatable: Bool = false) {
        self.name = name
        self.isRepeatable = isRepeatable
        self.source = String(decoding: source, as: UTF8.self)
    }

    /// The script's name.
    public var description: String { "script \(name)" }

    /// What SCRIPT LOAD answered for this text, on whichever server: the digest depends on the text alone.
    var knownDigest: String? {
        get { digest.value.withLock { $0 } }
        nonmutating set { digest.value.withLock { $0 = newValue } }
    }

    private final class Digest: Sendable {
        let value = Mutex<String?>(nil)
    }
}

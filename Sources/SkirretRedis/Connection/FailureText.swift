import NIOCore
import NIOPosix

/// Says in a few words why a connection could not be made or broke.
enum FailureText {
    static func of(_ error: any Error) -> String {
        switch error {
        case let error as RedisError: error.message
        case let error as IOError: systemText(error)
        case let error as NIOConnectionError: of(connection: error)
        case ChannelError.connectTimeout: "no connection in time"
        case is SocketAddressError: "the address cannot be used, or the socket's path is too long"
        default: String(describing: error)
        }
    }

    /// NIO writes `connect(…): Connection refused (errno: 111)`; the words in the middle are for people.
    private static func systemText(_ error: IOError) -> String {
        let words = error.description.split(separator: " (errno").first ?? "input/output error"
        let last = words.split(separator: ": ").last ?? words
        return String(last.prefix { $0 != ")" })
    }

    private static func of(connection error: NIOConnectionError) -> String {
        if let first = error.connectionErrors.first { return of(first.error) }
        return error.dnsAError == nil && error.dnsAAAAError == nil ? "no address" : "unknown host"
    }
}

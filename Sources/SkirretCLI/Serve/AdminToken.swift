import Foundation

/// The bearer token with all rights: named, or made on the first start and kept in `<data>/admin-token`.
struct AdminToken {
    let text: String
    /// Made just now; nobody has seen it yet.
    var isNew = false

    static func path(_ settings: Settings) -> URL { settings.dataDirectory.appending(path: "admin-token") }

    static func load(_ settings: Settings) throws -> AdminToken {
        if let named = settings.adminToken { return AdminToken(text: named) }
        let path = path(settings)
        if let kept = try? String(contentsOf: path, encoding: .utf8) {  // absent on the first start
            let text = kept.trimmingCharacters(in: .whitespacesAndNewlines)
            if !text.isEmpty { return AdminToken(text: text) }
        }
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        let text = String((0..<43).compactMap { _ in alphabet.randomElement(using: &generator) })
        // Created with its mode: at no instant may others read it.
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard
            FileManager.default.createFile(
                atPath: path.path, contents: Data((text + "\n").utf8), attributes: attributes)
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path.path]) }
        return AdminToken(text: text, isNew: true)
    }
}

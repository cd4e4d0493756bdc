import Foundation

/// The key that signs access and refresh tokens: made once, kept in `<data>/signing-key`, the same for all processes.
enum SigningKey {
    static func path(_ settings: Settings) -> URL { settings.dataDirectory.appending(path: "signing-key") }

    /// Reads the key; makes it on the first start.
    ///
    /// Of several processes that start together one makes it, and all use that one.
    static func load(_ settings: Settings) throws -> [UInt8] {
        let path = path(settings)
        if let kept = try? Data(contentsOf: path), kept.count >= 32 { return Array(kept) }  // absent on the first start
        var generator = SystemRandomNumberGenerator()
        let key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        let draft = path.appendingPathExtension(UUID().uuidString)
        // Complete and with its mode before it has its name: at no instant may others read it, or half of it.
        guard
            FileManager.default.createFile(
                atPath: draft.path, contents: key, attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path.path]) }
        defer { try? FileManager.default.removeItem(at: draft) }  // a leftover draft opens nothing
        if link(draft.path, path.path) != 0 {
            let kept = try Data(contentsOf: path)
            // Too short to be a key: cut off by a full disk.
            guard kept.count < 32 else { return Array(kept) }
            guard rename(draft.path, path.path) == 0 else {
                throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path.path])
            }
        }
        return Array(key)
    }
}

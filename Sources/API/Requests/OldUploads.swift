import Foundation

/// Uploads of requests that got their answer before their task was over: nobody else removes those.
enum OldUploads {
    /// A day: longer than any task may run.
    private static let age: TimeInterval = 86_400

    /// Removes the folders of old requests, and nothing else below `uploads/`.
    static func sweep(_ uploads: URL, now: Date = Date()) {
        let keys: [URLResourceKey] = [.contentModificationDateKey]
        // try?: without the folder there is nothing to sweep, and what cannot be removed today is tried again.
        let entries = try? FileManager.default.contentsOfDirectory(at: uploads, includingPropertiesForKeys: keys)
        for entry in entries ?? [] where UUID(uuidString: entry.lastPathComponent) != nil {
            let changed = try? entry.resourceValues(forKeys: Set(keys)).contentModificationDate
            guard let changed, now.timeIntervalSince(changed) > age else { continue }
            try? FileManager.default.removeItem(at: entry)
        }
    }
}

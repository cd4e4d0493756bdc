import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A number that changes when what decides how a plugin behaves has changed: its code, its manifest, its packages.
///
/// Looks at the same files as `skirret_host.describe.fingerprint`, a thousand times quicker, as it reads no more than
/// names, sizes and times. Means something in this process only.
struct FolderStamp: Hashable, Sendable {
    /// A plugin with more files counts by these alone, as the fingerprint does.
    private static let mostFiles = 20_000
    /// Folders within folders; deeper than any package.
    private static let mostDepth = 40

    private var sum: UInt64 = 0
    private var files = 0

    /// The stamp of the plugin in `path`, whose packages lie in `packages`.
    init(plugin path: String, packages: String) {
        add(folder: path, name: "", depth: 0)
        // Packages are moved into their folder whole, which changes the folder's own time.
        var info = stat()
        if stat(packages, &info) == 0 { add("packages", info) }
    }

    /// The stamp of each folder in `root`, by the folder's name; none when there is no such place.
    static func all(below root: String, packages: String) -> [String: FolderStamp] {
        var found: [String: FolderStamp] = [:]
        forEachEntry(of: root) { name, _ in
            guard !name.hasPrefix(".") else { return }
            found[name] = FolderStamp(plugin: "\(root)/\(name)", packages: "\(packages)/\(pluginKey(folder: name))")
        }
        return found
    }

    private mutating func add(folder path: String, name: String, depth: Int) {
        guard depth < Self.mostDepth else { return }
        Self.forEachEntry(of: path) { entry, kind in
            guard files < Self.mostFiles else { return }
            let (place, within) = ("\(path)/\(entry)", "\(name)/\(entry)")
            if kind == UInt8(DT_DIR) {
                if entry != "__pycache__", !entry.hasPrefix(".") { add(folder: place, name: within, depth: depth + 1) }
                return
            }
            var info = stat()
            guard Self.decides(entry), stat(place, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return }
            files += 1
            add(within, info)
        }
    }

    /// Added up, because folders are listed in no order.
    private mutating func add(_ name: String, _ info: stat) {
        var hasher = Hasher()
        hasher.combine(name)
        hasher.combine(info.st_size)
        #if canImport(Glibc)
            hasher.combine(info.st_mtim.tv_sec)
            hasher.combine(info.st_mtim.tv_nsec)
        #else
            hasher.combine(info.st_mtimespec.tv_sec)
            hasher.combine(info.st_mtimespec.tv_nsec)
        #endif
        sum &+= UInt64(bitPattern: Int64(hasher.finalize()))
    }

    private static func decides(_ name: String) -> Bool {
        name.hasSuffix(".py") || name.hasSuffix(".so") || name.hasSuffix(".pyd")
            || ["plugin.json", "logo.png", "requirements.txt"].contains(name)
    }

    private static func forEachEntry(of path: String, _ body: (_ name: String, _ kind: UInt8) -> Void) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            var kind = entry.pointee.d_type
            if kind == UInt8(DT_UNKNOWN) {
                // A file system that does not say here what an entry is.
                var info = stat()
                if lstat("\(path)/\(name)", &info) == 0, info.st_mode & S_IFMT == S_IFDIR { kind = UInt8(DT_DIR) }
            }
            body(name, kind)
        }
    }
}

/// The key of a plugin that was put into a folder of that name.
func pluginKey(folder name: String) -> String {
    name.replacing(" ", with: "_").lowercased()
}

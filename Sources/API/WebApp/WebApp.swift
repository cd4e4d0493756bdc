import Foundation
import HTTPTypes
import Hummingbird

/// The web app's files: everything below one folder, under an address that changes whenever they do.
///
/// The folder is read once. A request names an entry of that list or nothing, so no spelling of a path can
/// reach beyond it.
struct WebApp: Sendable {
    struct File: Sendable {
        let path: String
        let mediaType: String
        /// How it travels to those who take gzip.
        let packed: Packed?
    }

    enum Packed: Sendable {
        /// A `.gz` twin lies beside it, made by the set-up script.
        case twin
        /// One of ours, which are small: packed when the list was read.
        case bytes(ByteBuffer)
    }

    /// Not a bundler's hash but good enough: names, sizes and times of all files.
    let build: String
    private let files: [String: File]
    private let page: ByteBuffer?
    private let reader = FileIO()

    /// Reads the list of files, and `index.html` whole.
    ///
    /// A folder that is absent serves nothing.
    init(folder: URL) throws {
        let root = folder.resolvingSymlinksInPath().path
        var files: [String: File] = [:]
        var print = Fingerprint()
        let paths = (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []).sorted()
        let names = Set(paths)
        for path in paths {
            let attributes = try FileManager.default.attributesOfItem(atPath: root + "/" + path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
            guard let type = Self.mediaType(of: path), !path.hasPrefix("test/") else { continue }
            print.add(path)
            print.add(
                "\(attributes[.size] ?? 0) \((attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)")
            files[path] = File(
                path: root + "/" + path, mediaType: type,
                packed: names.contains(path + ".gz") ? .twin : try Self.packed(root + "/" + path, type))
        }
        self.build = print.text
        self.files = files
        self.page = try files["index.html"].map { file in
            let text = try String(contentsOfFile: file.path, encoding: .utf8)
            return ByteBuffer(string: text.replacingOccurrences(of: "__BUILD__", with: print.text))
        }
    }

    /// `index.html`, which alone knows the build and is therefore never kept.
    var pageResponse: Response? {
        page.map {
            let headers: HTTPFields = [.contentType: "text/html; charset=utf-8", .cacheControl: "no-cache"]
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: $0))
        }
    }

    /// A file of this build, for `/assets/<build>/<path>`.
    ///
    /// Nil: there is none of that name.
    func asset(_ address: String, acceptsGzip: Bool, context: some RequestContext) async throws -> Response? {
        let prefix = "/assets/\(build)/"
        guard address.hasPrefix(prefix), let file = files[String(address.dropFirst(prefix.count))] else { return nil }
        var headers: HTTPFields = [
            .contentType: file.mediaType, .cacheControl: "public, max-age=31536000, immutable",
        ]
        if file.packed != nil { headers[.vary] = "Accept-Encoding" }
        if acceptsGzip, file.packed != nil { headers[.contentEncoding] = "gzip" }
        let body =
            switch acceptsGzip ? file.packed : nil {
            case .bytes(let packed): ResponseBody(byteBuffer: packed)
            case .twin: try await reader.loadFile(path: file.path + ".gz", context: context)
            case nil: try await reader.loadFile(path: file.path, context: context)
            }
        return Response(status: .ok, headers: headers, body: body)
    }

    /// Texts only: fonts and pictures are packed already.
    private static func packed(_ path: String, _ mediaType: String) throws -> Packed? {
        guard mediaType.hasPrefix("text/") || mediaType.hasSuffix("json") || mediaType.hasSuffix("xml") else {
            return nil
        }
        return Gzip.pack([UInt8](try Data(contentsOf: URL(filePath: path)))).map { .bytes(ByteBuffer(bytes: $0)) }
    }

    /// By extension.
    ///
    /// What is not on the list is not part of the app, and not served.
    private static func mediaType(of path: String) -> String? {
        switch path.split(separator: ".").last {
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "html": "text/html; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json", "map": "application/json"
        case "woff2": "font/woff2"
        case "ttf": "font/ttf"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "txt" where path.hasPrefix("vendor/"): "text/plain; charset=utf-8"
        default: nil
        }
    }
}

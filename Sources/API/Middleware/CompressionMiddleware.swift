import Dispatch
import HTTPTypes
import Hummingbird

/// Packs answers in JSON for those who take gzip: lists of plugins, channels and tasks shrink to a tenth.
///
/// Small ones stay as they are, as one packet carries them anyway. The web app's files are packed when they are read.
struct CompressionMiddleware: RouterMiddleware {
    typealias Context = APIContext

    /// A packet's worth.
    static let leastBytes = 1400
    /// More is not held in memory twice.
    static let mostBytes = 16 << 20

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard request.method != .head, response.headers[.contentEncoding] == nil,
            let length = response.body.contentLength, Self.leastBytes...Self.mostBytes ~= length,
            response.headers[.contentType]?.hasPrefix("application/json") == true
        else { return response }
        // Whether or not this one is packed: a cache must not give one caller's form to the other.
        response.headers[.vary] = [response.headers[.vary], "Accept-Encoding"].compactMap { $0 }.joined(separator: ", ")
        guard request.acceptsGzip else { return response }
        let whole = Collected()
        try await response.body.write(Collector(into: whole))
        let bytes = whole.bytes
        guard let packed = await Self.pack(bytes) else {
            response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            return response
        }
        response.headers[.contentEncoding] = "gzip"
        response.headers[.contentLength] = nil
        // Of another form, and the same contents.
        if let tag = response.headers[.eTag], !tag.hasPrefix("W/") { response.headers[.eTag] = "W/" + tag }
        response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: packed))
        return response
    }

    /// Large ones take milliseconds, in which a thread that requests share is not held.
    private static func pack(_ bytes: [UInt8]) async -> [UInt8]? {
        guard bytes.count > 64 * 1024 else { return Gzip.pack(bytes, .fast) }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Gzip.pack(bytes, .fast)) }
        }
    }
}

/// A body as it is written.
///
/// `@unchecked Sendable`: one task writes it, and reads it when that is over.
private final class Collected: @unchecked Sendable {
    var bytes: [UInt8] = []
}

private struct Collector: ResponseBodyWriter {
    private let whole: Collected

    init(into whole: Collected) { self.whole = whole }

    mutating func write(_ buffer: ByteBuffer) async throws { whole.bytes += buffer.readableBytesView }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension Request {
    /// Whether `gzip` is accepted, and not with weight zero.
    var acceptsGzip: Bool {
        headers[values: .acceptEncoding].flatMap { $0.split(separator: ",") }.contains { coding in
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard parts.first == "gzip" || parts.first == "*" else { return false }
            return !parts.dropFirst().contains { $0 == "q=0" || $0 == "q=0.0" || $0 == "q=0.00" || $0 == "q=0.000" }
        }
    }
}

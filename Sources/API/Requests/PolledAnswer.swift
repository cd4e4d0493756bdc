import CeleryProtocol
import HTTPTypes
import Hummingbird

extension APIRequest {
    /// An answer to a question that is asked again and again: 304 while it is what the caller has already.
    ///
    /// It may be kept by the caller alone, and is asked for every time.
    func polled(_ value: JSONValue) -> Response {
        let bytes = value.encoded()
        let tag = "\"\(Fingerprint(bytes).text)\""
        let headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
        let known = self.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }.map(\.trimmingBlanks)
        // Weak ones too: a proxy that compresses makes ours weak.
        if known.contains(where: { $0 == tag || $0 == "W/" + tag || $0 == "*" }) {
            return Response(status: .notModified, headers: headers)
        }
        return .json(bytes, headers: headers)
    }
}

import CeleryProtocol
import HTTPTypes
import Hummingbird

extension Response {
    /// One JSON document.
    ///
    /// Answers of the API are never stored by anyone.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        json(value.encoded(), status: status, headers: headers)
    }

    /// The same, written already.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// `{"success":true,…}`, Dispatcharr's usual frame.
    static func success(_ members: JSONObject = [:], status: HTTPResponse.Status = .ok) -> Response {
        var body: JSONObject = ["success": true]
        for (key, value) in members { body[key] = value }
        return .json(.object(body), status: status)
    }
}

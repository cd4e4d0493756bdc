public import CeleryProtocol
public import FoundationEssentials
import Logging
import NIOCore
import Synchronization

/// Asks an Xtream Codes server the short questions: who the user is, which categories there are.
struct XtreamServer {
    let login: XtreamLogin
    let options: Download.Options
    let logger: Logger

    /// More is no account and no list of categories.
    private static let answerBytes = 16 << 20
    private static let limits: Decompressor.Limits = {
        var limits = Decompressor.Limits()
        limits.totalBytes = 4 * answerBytes
        return limits
    }()

    /// What the server says about the user and itself: `user_info` and `server_info`.
    ///
    /// - Throws: `RefreshError` when it does not let the user in.
    func account() async throws -> XtreamAccount {
        let what = "Failed to authenticate with XC server"
        let answer = try await ask(nil, what)
        guard let user = answer["user_info"]?.object else {
            throw unexpected(answer)
        }
        guard Self.isTrue(user["auth"]) else {
            let said = user["message"]?.string?.trimmed ?? ""
            throw RefreshError(
                code: .download, message: "\(what): " + (said.isEmpty ? "wrong username or password" : said))
        }
        return XtreamAccount(user: user, server: answer["server_info"]?.object ?? [:])
    }

    /// Live categories by id, in the server's order.
    func liveCategories() async throws -> [(id: String, name: String)] {
        try await categories("get_live_categories", unnamed: "Default Group")
    }

    /// Categories of films or series by id, in the server's order.
    func categories(of kind: LibraryKind) async throws -> [LibraryCategory] {
        try await categories(kind.categoriesAction, unnamed: "Unknown").map(LibraryCategory.init)
    }

    private func categories(_ action: String, unnamed: String) async throws -> [(id: String, name: String)] {
        let answer = try await ask(action, "Failed to get categories from XC server")
        let list: [JSONValue]
        switch answer {
        case .array(let items): list = items
        // PHP writes an array whose keys have a gap as an object.
        case .object(let members) where members.values.allSatisfy({ $0.object != nil }): list = members.values
        default: throw unexpected(answer)
        }
        return list.compactMap { item in
            guard let id = item["category_id"].flatMap(XtreamStream.text), !id.isEmpty else { return nil }
            let name = item["category_name"].flatMap(XtreamStream.text)?.trimmed ?? ""
            return (id, name.isEmpty ? unnamed : name)
        }
    }

    /// One film or series in detail; an empty object when the server knows nothing of it and says so with an empty list.
    func details(_ action: String, _ parameter: String, _ id: String) async throws -> JSONObject {
        let answer = try await ask("\(action)&\(parameter)=\(XtreamLogin.escaped(id))", "Failed to ask XC server")
        if answer.isBlank { return [:] }
        guard let object = answer.object else { throw unexpected(answer) }
        return object
    }

    /// Hands over a long answer piece by piece; `progress` counts to 1, where the server says how long it is.
    func stream(
        _ action: String,
        _ take: @escaping @Sendable (_ piece: (bytes: ByteBuffer, progress: Double)) async throws -> Void
    ) async throws {
        let known = Mutex(0.0)
        try await Download(options: options, logger: logger).run(.web(login.address(action: action))) { progress in
            known.withLock { $0 = progress.percent / 100 }
        } receive: { piece in
            try await take((piece, known.withLock { $0 }))
        }
    }

    private func ask(_ action: String?, _ what: String) async throws -> JSONValue {
        let body = Mutex<[UInt8]>([])
        var options = options
        options.maximumBytes = Self.answerBytes
        var bytes: [UInt8] = []
        do {
            try await Download(options: options, logger: logger).run(.web(login.address(action: action))) { piece in
                body.withLock { $0.append(contentsOf: piece.readableBytesView) }
            }
            let decompressor = Decompressor(limits: Self.limits)
            try decompressor.decompress(body.withLock { $0 }) { bytes.append(contentsOf: $0) }
            try decompressor.finish { bytes.append(contentsOf: $0) }
        } catch let error as DownloadError {
            throw RefreshError(
                code: .download, message: "\(what): \(error.detail)", isTransient: error.isTransient)
        } catch let error as DecompressionError {
            throw RefreshError(code: .download, message: "\(what): \(error.message)")
        }
        do { return try JSONValue(parsing: bytes) } catch {
            let said = String(String(decoding: bytes.prefix(400), as: UTF8.self).trimmed.prefix(200))
            throw RefreshError(code: .content, message: "Unexpected response from XC server: \(said)")
        }
    }

    private func unexpected(_ answer: JSONValue) -> RefreshError {
        RefreshError(code: .content, message: "Unexpected response from XC server: \(answer.text.prefix(200))")
    }

    /// Servers write 1, "1" and true.
    private static func isTrue(_ value: JSONValue?) -> Bool {
        value?.bool ?? (value.flatMap(XtreamStream.number) == 1)
    }
}

/// What a server says about one user.
public struct XtreamAccount: Sendable, Equatable {
    /// `user_info`, without the password.
    public let user: JSONObject
    /// `server_info`.
    public let server: JSONObject
    /// When the subscription ends; nil when it does not, or the server does not say.
    public let expires: Date?

    init(user: JSONObject, server: JSONObject) {
        var shown = user
        shown["password"] = nil
        self.user = shown
        self.server = server
        expires = user["exp_date"].flatMap(XtreamStream.number).flatMap { seconds in
            seconds > 0 ? Date(timeIntervalSince1970: Double(seconds)) : nil
        }
    }
}

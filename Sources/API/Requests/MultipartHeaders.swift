/// What a part says about itself: its field, and for a file the name and type that the sender gives it.
struct MultipartHeaders: Equatable, Sendable {
    let name: String
    /// The base name only; folders in it are the sender's affair.
    ///
    /// Nil: the part is a plain field.
    let fileName: String?
    let contentType: String?

    init(name: String, fileName: String? = nil, contentType: String? = nil) {
        self.name = name
        self.fileName = fileName
        self.contentType = contentType
    }

    /// Reads header lines, CR LF between them.
    init(_ bytes: some Collection<UInt8>) throws(APIError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MultipartParser.malformed("a part's headers are not UTF-8")
        }
        var disposition: String?
        var type: String?
        for line in text.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw MultipartParser.malformed("a part's header has no colon") }
            let value = parts[1].trimmingBlanks
            switch parts[0].lowercased() {
            case "content-disposition": disposition = value
            case "content-type": type = value
            case "content-transfer-encoding" where !["binary", "8bit", "7bit"].contains(value.lowercased()):
                throw MultipartParser.malformed("a part is encoded as \(value.prefix(40))")
            default: break
            }
        }
        let fields = HeaderParameters(disposition ?? "")
        guard fields.value == "form-data", let name = fields["name"], !name.isEmpty else {
            throw MultipartParser.malformed("a part has no name")
        }
        self.init(name: name, fileName: fields["filename"].map(Self.baseName), contentType: type)
    }

    /// What remains of a path, on any system, without what a terminal or a file system would act on.
    static func baseName(_ path: String) -> String {
        let last = path.unicodeScalars.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
        let plain = String(
            String.UnicodeScalarView(last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
        let name = String(plain.prefix(200))
        return name.isEmpty || name == "." || name == ".." ? "file" : name
    }
}

/// A header value with parameters: `form-data; name="a"; filename="b \"c\""`.
struct HeaderParameters {
    /// What stands before the first semicolon, in lower case.
    let value: String
    private var parameters: [String: String] = [:]

    /// Of equal parameters the first counts.
    ///
    /// Quoted values may hold semicolons; `\"` and browsers' `%22` are quotes.
    init(_ header: String) {
        var rest = Substring(header)
        value = Self.take(&rest, until: ";").trimmingBlanks.lowercased()
        while !rest.isEmpty {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let name = Self.take(&rest, until: "=", or: ";").trimmingBlanks.lowercased()
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            let value = rest.first == "\"" ? Self.takeQuoted(&rest) : Self.take(&rest, until: ";").trimmingBlanks
            if parameters[name] == nil { parameters[name] = value }
            rest = rest.drop { $0 != ";" }
        }
    }

    subscript(name: String) -> String? { parameters[name] }

    private static func take(_ rest: inout Substring, until first: Character, or second: Character? = nil) -> Substring
    {
        let taken = rest.prefix { $0 != first && $0 != second }
        rest = rest[taken.endIndex...]
        return taken
    }

    private static func takeQuoted(_ rest: inout Substring) -> String {
        var text = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst(), character != "\"" {
            // Only quotes are escaped by browsers; a backslash before anything else is part of a Windows path.
            if character == "\\", rest.first == "\"" { text.append(rest.removeFirst()) } else { text.append(character) }
        }
        return text.replacing("%22", with: "\"")
    }
}

extension Substring {
    /// Without blanks at either end.
    var trimmingBlanks: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(String(drop(while: blank)).reversed().drop(while: blank).reversed())
    }
}

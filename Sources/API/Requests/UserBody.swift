import Catalog
import CeleryProtocol

/// A person in a request's body, as Dispatcharr's clients send them.
struct UserBody: Sendable {
    /// As OWASP and NIST advise for passwords that people choose; Dispatcharr has no limit.
    static let leastPasswordCharacters = 8
    private static let mostPropertiesBytes = 102_400
    /// What only an administrator may set about a person.
    private static let administrated: Set<String> = ["xc_password", "allowed_networks", "catchup_enabled"]

    /// What is set; the password is still missing in it.
    private(set) var change = UserChange()
    /// As it was typed.
    private(set) var password: String?
    /// To be merged over what is there; null takes away.
    private(set) var properties: JSONObject?

    /// Reads what an administrator may set about anybody.
    ///
    /// - Throws: 400 naming every fault at once.
    static func ofAnybody(_ object: JSONObject) throws(APIError) -> UserBody {
        var body = UserBody()
        var reader = FieldReader(object)
        reader.text("username") { body.change.username = $0 ?? "" }
        reader.int("user_level") { body.change.level = UserLevel(rawValue: $0) }
        reader.bool("is_active") { body.change.isActive = $0 }
        reader.bool("is_staff") { body.change.isStaff = $0 }
        reader.bool("is_superuser") { body.change.isSuperuser = $0 }
        reader.int("stream_limit") { body.change.streamLimit = $0 }
        reader.properties("avatar_config") { body.change.avatar = $0 }
        if let profiles = object["channel_profiles"], !profiles.isNull {
            body.change.channelProfiles = profiles.array?.compactMap(\.int)
            if body.change.channelProfiles?.count != profiles.array?.count || profiles.array == nil {
                reader.fault("channel_profiles: expected a list of identifiers")
            }
        }
        if let username = body.change.username, !isPlain(username) || username.utf8.count > 150 {
            reader.fault(
                "username: 1 to 150 letters, digits, periods (.), underscores (_), at signs (@) and hyphens (-)")
        }
        if let level = body.change.level, !UserLevel.all.contains(level) {
            reader.fault("user_level: expected 0 (streamer), 1 (standard) or 10 (administrator)")
        }
        body.readOwn(&reader)
        if let networks = body.properties?["allowed_networks"], !networks.isNull { check(networks: networks, &reader) }
        try reader.finish()
        return body
    }

    /// Reads what people may set about themselves; everything else is ignored, as Dispatcharr does.
    ///
    /// - Throws: 400 naming every fault at once.
    static func ofOneself(_ object: JSONObject) throws(APIError) -> UserBody {
        var body = UserBody()
        var reader = FieldReader(object)
        body.readOwn(&reader)
        try reader.finish()
        for key in administrated { body.properties?[key] = nil }
        return body
    }

    /// The change to a row that holds `existing` now.
    func change(over existing: JSONObject, password encoded: String?) throws(APIError) -> UserChange {
        var change = change
        change.password = encoded
        guard let properties else { return change }
        var merged = existing
        for (key, value) in properties { merged[key] = value.isNull ? JSONValue?.none : value }
        guard JSONValue.object(merged).encoded().count <= Self.mostPropertiesBytes else {
            throw .badRequest(
                "custom_properties: larger than \(Self.mostPropertiesBytes) bytes", code: "invalid_fields")
        }
        change.customProperties = merged
        return change
    }

    private mutating func readOwn(_ reader: inout FieldReader) {
        var read = self
        reader.text("password") { read.password = $0 }
        reader.text("email") { read.change.email = $0 ?? "" }
        reader.text("first_name") { read.change.firstName = $0 ?? "" }
        reader.text("last_name") { read.change.lastName = $0 ?? "" }
        reader.properties("custom_properties") { read.properties = $0 }
        self = read
        for (name, text, most) in [
            ("email", change.email, 254), ("first_name", change.firstName, 150), ("last_name", change.lastName, 150),
        ] {
            guard let text else { continue }
            if text.unicodeScalars.count > most || text.unicodeScalars.contains(where: { $0.value < 0x20 }) {
                reader.fault("\(name): at most \(most) characters, none of them a control character")
            }
        }
        if let email = change.email, !email.isEmpty, !email.contains("@") { reader.fault("email: expected an address") }
        if let password { Self.check(password, &reader) }
        if let xtream = properties?["xc_password"], !xtream.isNull, xtream.string.map(Self.isPlain) != true {
            reader.fault(
                "xc_password: letters, digits, periods (.), underscores (_), at signs (@) and hyphens (-) only")
        }
    }

    private static func check(networks: JSONValue, _ reader: inout FieldReader) {
        guard let lists = networks.object else { return reader.fault("allowed_networks: expected an object") }
        for (name, list) in lists {
            let ranges = list.string?.split(separator: ",").map { String($0).trimmingSpace }.filter { !$0.isEmpty }
            guard let ranges, ranges.allSatisfy({ NetworkRange($0, isStrict: false) != nil }) else {
                reader.fault("allowed_networks.\(name.prefix(40)): expected ranges such as 10.0.0.0/8, with commas")
                continue
            }
        }
    }

    private static func check(_ password: String, _ reader: inout FieldReader) {
        if password.count < leastPasswordCharacters {
            reader.fault("password: at least \(leastPasswordCharacters) characters")
        }
        if password.utf8.count > Login.mostPasswordBytes {
            reader.fault("password: at most \(Login.mostPasswordBytes) bytes")
        }
    }

    /// Names go into addresses and playlists as they are.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "._@-".utf8.contains(byte)
                }
            }
    }
}

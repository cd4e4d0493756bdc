import CeleryProtocol
import Foundation
import Testing

@testable import API

@Suite("Web token") struct WebTokenTests {
    private static let key = [UInt8](repeating: 7, count: 32)
    private static let session = SessionID.random()
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let signer = WebTokenSigner(key: key)

    private var good: WebToken { WebToken(.access, user: 7, session: Self.session, now: Self.now) }

    /// A token with any header and claims, signed with any key.
    private static func forged(
        header: String = #"{"alg":"HS256","typ":"JWT"}"#, changing claims: JSONObject = [:], key: [UInt8] = key
    ) -> String {
        var all: JSONObject = [
            "token_type": "access", "exp": 1_800_001_800, "iat": 1_800_000_000, "jti": "x", "user_id": "7",
            "sid": .string(session.rawValue),
        ]
        for (name, value) in claims { all[name] = value.isNull ? JSONValue?.none : value }
        let message = Array(header.utf8).base64URL + "." + JSONValue.object(all).encoded().base64URL
        return message + "." + Digest.authenticationCode(of: Array(message.utf8), key: key).base64URL
    }

    @Test func `a token says what was put into it, as simplejwt spells it`() throws {
        let text = signer.text(of: good, now: Self.now)
        #expect(signer.read(text, as: .access, now: Self.now) == good)
        let claims = try JSONValue(parsing: try #require([UInt8](base64URL: text.split(separator: ".")[1])))
        #expect(claims["token_type"] == "access" && claims["user_id"] == "7" && claims["exp"] == 1_800_001_800)
        #expect(claims["iat"] == 1_800_000_000 && claims["jti"]?.string?.count == 32)
        #expect(signer.read(Self.forged(), as: .access, now: Self.now) == good)
        #expect(signer.read(Self.forged(changing: ["user_id": 7]), as: .access, now: Self.now) == good)
    }

    @Test(arguments: [
        ("no algorithm", forged(header: #"{"alg":"none"}"#)),
        ("no algorithm, spelt oddly", forged(header: #"{"alg":"nOnE","typ":"JWT"}"#)),
        (
            "no algorithm, no signature",
            String(forged(header: #"{"alg":"none"}"#).split(separator: ".").prefix(2).joined(separator: ".") + ".")
        ),
        ("another algorithm", forged(header: #"{"alg":"HS512"}"#)),
        ("a public key's algorithm", forged(header: #"{"alg":"RS256"}"#)),
        ("an empty header", forged(header: "{}")),
        ("a header that is no JSON", forged(header: "{{{{")),
        ("a critical extension", forged(header: #"{"alg":"HS256","crit":["exp"]}"#)),
        ("a public key's text as the secret", forged(key: Array("-----BEGIN PUBLIC KEY-----".utf8))),
        (
            "an empty secret, by way of the key's name",
            forged(header: #"{"alg":"HS256","kid":"../../dev/null"}"#, key: [])
        ),
        ("somebody else's secret", forged(key: [UInt8](repeating: 8, count: 32))),
        ("expired", forged(changing: ["exp": 1_799_999_980])),
        ("no end", forged(changing: ["exp": nil])),
        ("an end in words", forged(changing: ["exp": "tomorrow"])),
        ("not yet", forged(changing: ["nbf": 1_800_000_060])),
        ("made in the future", forged(changing: ["iat": 1_800_000_060])),
        ("another audience", forged(changing: ["aud": "somebody-else"])),
        ("another issuer", forged(changing: ["iss": "https://evil.example"])),
        ("another kind", forged(changing: ["token_type": "refresh"])),
        ("no kind", forged(changing: ["token_type": nil])),
        ("no person", forged(changing: ["user_id": nil])),
        ("a person by path", forged(changing: ["user_id": "../7"])),
        ("no session", forged(changing: ["sid": nil])),
        ("a session by glob", forged(changing: ["sid": "*"])),
        ("four parts", forged() + ".x"), ("nothing", ""), ("dots", ".."),
        ("long", String(repeating: "a.", count: 8192)),
    ])
    func `what is not wholly ours is nobody's`(name: String, text: String) {
        #expect(signer.read(text, as: .access, now: Self.now) == nil, "\(name)")
    }

    @Test func `a key's name in the header opens no file and changes nothing`() {
        let text = Self.forged(header: #"{"alg":"HS256","kid":"../../dev/null"}"#)
        #expect(signer.read(text, as: .access, now: Self.now) == good)
    }

    @Test func `clocks may differ by ten seconds and no more`() {
        for (claims, isGood) in [
            (["exp": 1_799_999_991] as JSONObject, true), (["exp": 1_799_999_990], false),
            (["nbf": 1_800_000_010], true), (["nbf": 1_800_000_011], false),
        ] {
            #expect(
                (signer.read(Self.forged(changing: claims), as: .access, now: Self.now) != nil) == isGood, "\(claims)")
        }
    }

    @Test func `every single bit counts, and so does every spelling`() {
        let text = Array(signer.text(of: good, now: Self.now).utf8)
        for index in text.indices {
            for bit in 0..<7 {
                var changed = text
                changed[index] ^= 1 << bit
                #expect(signer.read(String(decoding: changed, as: UTF8.self), as: .access, now: Self.now) == nil)
            }
        }
        #expect(signer.read(String(decoding: text, as: UTF8.self) + "=", as: .access, now: Self.now) == nil)
    }

    @Test func `base64url is RFC 4648's, in one spelling`() {
        for count in 0..<70 {
            let bytes = [UInt8].random(count)
            let plain = Data(bytes).base64EncodedString()
            let text = plain.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(bytes.base64URL == text && [UInt8](base64URL: text) == bytes)
        }
        for text in ["A", "AB", "Zh", "Zm9=", "Zm+v", "Zm/v", "Zm 9", "é"] {
            #expect([UInt8](base64URL: text) == nil, "\(text)")
        }
    }

    @Test func `the digests are the published ones`() {
        #expect(
            Digest.sha256(Array("abc".utf8)).hexadecimal
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        // RFC 4231, case 2.
        #expect(
            Digest.authenticationCode(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
                .hexadecimal
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        // RFC 7914, section 11, the first half.
        #expect(
            Digest.pbkdf2(password: "passwd", salt: "salt", iterations: 1).hexadecimal
                == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")
        #expect(!Digest.areEqual([], []) && Digest.areEqual([1], [1]) && !Digest.areEqual([1], [2]))
    }
}

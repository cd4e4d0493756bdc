import Foundation
import Testing

@testable import CeleryProtocol

@Suite("Base64") struct Base64Tests {
    @Test func `it writes and reads what Foundation does, at every length`() {
        var generator = SystemRandomNumberGenerator()
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = Base64.text(of: bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.bytes(of: text) == bytes)
        }
    }

    @Test(arguments: ["a", "ab", "abc", "====", "a===", "ab=c", "ab==cd==", "ab c", "ab\n=", "äbcd", "abc-", "=abc"])
    func `what is not base64 is refused`(text: String) {
        #expect(Base64.bytes(of: text) == nil)
    }
}

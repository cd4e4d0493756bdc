import CeleryProtocol
import Foundation
import Skirret

/// Reads from a body how a task is to be called.
struct CallReader {
    static let optionMembers: JSONObject = [
        "args": Schema.anyList, "kwargs": Schema.anyObject, "queue": queueName, "priority": Schema.integer(0...9),
        "countdown": ["type": "number", "minimum": 0, "maximum": 31_536_000], "eta": Schema.time,
        "expires": ["type": "number", "minimum": 0.001, "maximum": 31_536_000],
    ]
    static let queueName = Schema.text(pattern: "^[A-Za-z0-9_.:@-]{1,200}$")
    static let taskName = Schema.text(pattern: "^[!-~]{1,300}$")

    /// Positional and keyword arguments; nil when the body says nothing.
    private(set) var args: [JSONValue]?
    private(set) var kwargs: JSONObject?
    private(set) var options = CallOptions()

    /// - Throws: 400 with every fault.
    init(_ reader: inout FieldReader) throws(APIError) {
        reader.list("args") { args = $0 }
        reader.strictObject("kwargs") { kwargs = $0 }
        reader.plainText("queue", atMost: 200, isAllowed: Self.isQueueLetter) {
            options.queue = QueueName(rawValue: $0)
        }
        reader.strictInt("priority", in: 0...9) { options.priority = $0 }
        reader.seconds("countdown", in: 0...31_536_000) { options.countdown = $0 }
        reader.time("eta") { options.eta = $0 }
        reader.seconds("expires", in: 0.001...31_536_000) { options.expiresIn = $0 }
        try reader.finish()
    }

    static func isQueueLetter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "-")]
                .contains(byte)
    }
}

// Bodies of our own, unlike Dispatcharr's, take each type as JSON has it and nothing else.
extension FieldReader {
    mutating func list(_ name: String, _ assign: ([JSONValue]) -> Void) {
        guard let value = object[name] else { return }
        guard let list = value.array else { return fault("\(name): expected a list") }
        assign(list)
    }

    mutating func strictObject(_ name: String, _ assign: (JSONObject) -> Void) {
        guard let value = object[name] else { return }
        guard let object = value.object else { return fault("\(name): expected an object") }
        assign(object)
    }

    mutating func strictBool(_ name: String, _ assign: (Bool) -> Void) {
        guard let value = object[name] else { return }
        guard let flag = value.bool else { return fault("\(name): expected true or false") }
        assign(flag)
    }

    mutating func strictInt(_ name: String, in range: ClosedRange<Int>, _ assign: (Int) -> Void) {
        guard let value = object[name] else { return }
        guard let number = value.wholeNumber, range.contains(number) else {
            return fault("\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        assign(number)
    }

    mutating func plainText(
        _ name: String, atMost length: Int, isAllowed: (UInt8) -> Bool = { (0x21...0x7E).contains($0) },
        _ assign: (String) -> Void
    ) {
        guard let value = object[name] else { return }
        guard let text = value.string, (1...length).contains(text.utf8.count), text.utf8.allSatisfy(isAllowed) else {
            return fault("\(name): expected a name of 1 to \(length) plain characters")
        }
        assign(text)
    }

    mutating func seconds(_ name: String, in range: ClosedRange<Double>, _ assign: (Duration) -> Void) {
        guard let value = object[name] else { return }
        guard let seconds = value.double, range.contains(seconds) else {
            return fault("\(name): expected seconds, at most \(Int(range.upperBound))")
        }
        assign(.milliseconds(Int((seconds * 1000).rounded(.up))))
    }

    mutating func time(_ name: String, _ assign: (Date?) -> Void) {
        guard let value = object[name] else { return }
        guard let date = value.string.flatMap(APITime.date) else {
            return fault("\(name): expected a time such as 2026-11-22T17:04:33Z")
        }
        assign(date)
    }
}

extension JSONValue {
    /// A number without a fraction, also when it is written with one: JSON Schema calls `1.0` an integer.
    var wholeNumber: Int? {
        if let int { return int }
        guard bool == nil, let double else { return nil }
        return Int(exactly: double)
    }
}

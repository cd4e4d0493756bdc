/// One member of `_kombu.binding.<exchange>`: `routing key ␆␖ pattern ␆␖ queue`.
///
/// The publisher routes by these members; a queue without one gets nothing through its exchange.
public struct QueueBinding: Sendable, Hashable {
    /// What a publisher's routing key must equal, for a direct exchange.
    public var routingKey: String
    /// A regular expression for the routing key, for a topic exchange; else empty.
    public var pattern: String
    /// The queue that gets the message.
    public var queue: QueueName

    /// A binding to a direct or fanout exchange, or to a topic exchange by an own pattern.
    public init(routingKey: String, pattern: String = "", queue: QueueName) {
        self.routingKey = routingKey
        self.pattern = pattern
        self.queue = queue
    }

    /// How a queue that was declared by its name alone is bound, to the exchange of the same name.
    public init(queue: QueueName) { self.init(routingKey: queue.rawValue, queue: queue) }

    /// A binding to a topic exchange: `*` stands for one word, `#` for any number.
    public static func topic(_ bindingKey: String, queue: QueueName) -> QueueBinding {
        QueueBinding(routingKey: bindingKey, pattern: pattern(of: bindingKey), queue: queue)
    }

    /// Reads a member; nil when it has not exactly three parts.
    public init?(member: String, separator: String = QueueLists.standardSeparator) {
        let parts = member.components(separatedBy: separator)
        guard parts.count == 3 else { return nil }
        self.init(routingKey: parts[0], pattern: parts[1], queue: QueueName(rawValue: parts[2]))
    }

    /// The member's text.
    public func member(separator: String = QueueLists.standardSeparator) -> String {
        [routingKey, pattern, queue.rawValue].joined(separator: separator)
    }

    /// Whether a publisher's routing key reaches the queue: equal, or fitting the topic's binding key.
    ///
    /// Takes at most as many steps as both keys' lengths multiplied, whatever they hold.
    public func matches(_ key: String) -> Bool {
        guard !pattern.isEmpty else { return key == routingKey }
        let text = Array(key.utf8)
        // Reachable positions in the text after each element of the binding key; `*` needs one character at least.
        var reached = [Bool](repeating: false, count: text.count + 1)
        reached[0] = true
        for element in routingKey.utf8 {
            var next = [Bool](repeating: false, count: text.count + 1)
            for position in 0...text.count {
                let isDot = position > 0 && text[position - 1] == UInt8(ascii: ".")
                switch element {
                case UInt8(ascii: "#"): next[position] = reached[position] || (position > 0 && next[position - 1])
                case UInt8(ascii: "*"):
                    next[position] = position > 0 && !isDot && (reached[position - 1] || next[position - 1])
                default: next[position] = position > 0 && reached[position - 1] && text[position - 1] == element
                }
            }
            reached = next
        }
        return reached[text.count]
    }

    /// kombu's regular expression for a topic's binding key: `a.*.#` becomes `^a\.[^\.]+\..*?$`.
    private static func pattern(of bindingKey: String) -> String {
        let words = bindingKey.unicodeScalars.map { scalar in
            switch scalar {
            case "*": "[^\\.]+"
            case "#": ".*?"
            default: escaped(scalar)
            }
        }
        return "^" + words.joined() + "$"
    }

    /// As Python's `re.escape`: everything that could mean something.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let special = "()[]{}?*+-|^$\\.&~# \t\n\r\u{0B}\u{0C}".unicodeScalars
        return (special.contains(scalar) ? "\\" : "") + String(scalar)
    }
}

extension String {
    /// Splits at every occurrence of a separator, byte for byte.
    fileprivate func components(separatedBy separator: String) -> [String] {
        let mark = Array(separator.utf8)
        guard !mark.isEmpty else { return [self] }
        let bytes = Array(utf8)
        var parts: [String] = []
        var start = 0
        var position = 0
        while position + mark.count <= bytes.count {
            if bytes[position..<(position + mark.count)].elementsEqual(mark) {
                parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
                position += mark.count
                start = position
            } else {
                position += 1
            }
        }
        return parts + [String(decoding: bytes[start...], as: UTF8.self)]
    }
}

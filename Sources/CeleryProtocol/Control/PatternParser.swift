/// A regular expression, read.
indirect enum PatternTree {
    case one(ScalarSet)
    case start, end
    case sequence([PatternTree])
    case choice(PatternTree, PatternTree)
    /// `most` nil: any number.
    case repeated(PatternTree, least: Int, most: Int?)
}

/// Reads the expressions that ``RegularPattern`` can match; nil for all others.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0

    /// - Parameter pattern: Short: groups are read by recursion.
    init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    mutating func parse() -> PatternTree? {
        guard let tree = choice(), position == scalars.count else { return nil }
        return tree
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() -> PatternTree? {
        guard let first = sequence() else { return nil }
        guard take("|") else { return first }
        return choice().map { .choice(first, $0) }
    }

    private mutating func sequence() -> PatternTree? {
        var parts: [PatternTree] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            guard let part = repetition() else { return nil }
            parts.append(part)
        }
        return .sequence(parts)
    }

    private mutating func repetition() -> PatternTree? {
        guard let part = atom() else { return nil }
        guard let (least, most) = counts() else { return part }
        // Lazy or not: whether it fits is the same. `a*+` is another language's.
        if !take("?"), next == "+" { return nil }
        if let next, "*+?".unicodeScalars.contains(next) || (next == "{" && isCount) { return nil }
        if let most, most < least { return nil }
        return .repeated(part, least: least, most: most)
    }

    private mutating func counts() -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{", isCount else { return nil }
        position += 1
        let least = number()
        defer { position += 1 }  // the closing brace
        return take(",") ? (least ?? 0, number()) : (least ?? 0, least ?? 0)
    }

    /// Whether `{2}`, `{2,}`, `{,3}` or `{2,3}` stands here; any other brace stands for itself.
    private var isCount: Bool {
        guard let end = scalars[position...].firstIndex(of: "}") else { return false }
        let inner = scalars[(position + 1)..<end]
        return inner.contains { $0 != "," } && inner.allSatisfy { ("0"..."9").contains($0) || $0 == "," }
            && inner.count(where: { $0 == "," }) <= 1
    }

    private mutating func number() -> Int? {
        let start = position
        while let scalar = next, ("0"..."9").contains(scalar) { position += 1 }
        // More digits than a program has room for count as too many.
        return start == position ? nil : Int(String(String.UnicodeScalarView(scalars[start..<position]))) ?? .max
    }

    private mutating func atom() -> PatternTree? {
        guard let scalar = next else { return nil }
        position += 1
        switch scalar {
        case ".": return .one(.any)
        case "^": return .start
        case "$": return .end
        case "(": return group()
        case "[": return set().map(PatternTree.one)
        case "\\": return escape().map { .one(ScalarSet(members: [$0])) }
        case "*", "+", "?": return nil
        default: return .one(ScalarSet(members: [.range(scalar...scalar)]))
        }
    }

    private mutating func group() -> PatternTree? {
        if take("?") {
            if take("P") {
                guard take("<"), let end = scalars[position...].firstIndex(of: ">") else { return nil }
                position = end + 1
            } else if !take(":") {
                return nil
            }
        }
        guard let inner = choice(), take(")") else { return nil }
        return inner
    }

    private mutating func set() -> ScalarSet? {
        var set = ScalarSet()
        set.isNegated = take("^")
        var isFirst = true
        while let scalar = next {
            position += 1
            if scalar == "]", !isFirst { return set }
            isFirst = false
            let member = scalar == "\\" ? escape() : .range(scalar...scalar)
            guard let member else { return nil }
            guard case .range(let low) = member, next == "-", position + 1 < scalars.count, scalars[position + 1] != "]"
            else {
                set.members.append(member)
                continue
            }
            position += 1
            guard let high = rangeEnd(), low.lowerBound <= high else { return nil }
            set.members.append(.range(low.lowerBound...high))
        }
        return nil
    }

    private mutating func rangeEnd() -> Unicode.Scalar? {
        guard let scalar = next else { return nil }
        position += 1
        guard scalar == "\\" else { return scalar }
        guard case .range(let range)? = escape() else { return nil }
        return range.lowerBound
    }

    /// What follows a backslash; letters and digits that mean something else are not read.
    private mutating func escape() -> ScalarSet.Member? {
        guard let scalar = next else { return nil }
        position += 1
        switch scalar {
        case "d": return .digit
        case "D": return .notDigit
        case "w": return .word
        case "W": return .notWord
        case "s": return .space
        case "S": return .notSpace
        case "t": return .range("\t"..."\t")
        case "n": return .range("\n"..."\n")
        case "r": return .range("\r"..."\r")
        default:
            guard !scalar.properties.isAlphabetic, scalar.properties.numericType == nil else { return nil }
            return .range(scalar...scalar)
        }
    }
}

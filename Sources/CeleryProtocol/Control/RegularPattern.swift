/// A regular expression whose matching takes at most pattern × text steps, whatever it says.
///
/// Node names are matched by patterns that anybody who reaches the broker may send, so no pattern may be costly: all
/// ways through it are followed side by side, one scalar of the text at a time (Thompson, 1968), and none is ever
/// taken back. What cannot be matched like that is not read: references, look-around, flags, word boundaries.
///
/// Read are literals, `.`, `^`, `$`, `|`, groups, sets, `\d \w \s` and their opposites, `* + ? {m,n}` and their lazy forms.
struct RegularPattern {
    fileprivate enum Step {
        case one(ScalarSet)
        case start, end
        case either(Int, Int)
        case jump(Int)
        case found
    }

    private let program: [Step]

    /// Nil for what is no such expression, or grows too large when its repetitions are written out.
    init?(_ pattern: String) {
        var parser = PatternParser(pattern)
        guard let tree = parser.parse() else { return nil }
        var compiler = PatternCompiler()
        guard compiler.add(tree), compiler.emit(.found) else { return nil }
        program = compiler.program
    }

    /// Whether the text begins with something the expression fits: Python's `re.match`.
    func fitsPrefix(of text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var threads = ThreadSet(count: program.count)
        follow(0, at: 0, of: scalars.count, into: &threads)
        for position in 0...scalars.count {
            if threads.hasFound { return true }
            guard position < scalars.count, !threads.steps.isEmpty else { return false }
            var next = ThreadSet(count: program.count)
            for step in threads.steps {
                guard case .one(let set) = program[step], set.contains(scalars[position]) else { continue }
                follow(step + 1, at: position + 1, of: scalars.count, into: &next)
            }
            threads = next
        }
        return threads.hasFound
    }

    /// Adds everything that can be reached from a step without reading a scalar.
    private func follow(_ first: Int, at position: Int, of length: Int, into threads: inout ThreadSet) {
        var waiting = [first]
        while let step = waiting.popLast() {
            guard threads.visit(step) else { continue }
            switch program[step] {
            case .one: threads.steps.append(step)
            case .start: if position == 0 { waiting.append(step + 1) }
            case .end: if position == length { waiting.append(step + 1) }
            case .either(let one, let other): waiting += [one, other]
            case .jump(let target): waiting.append(target)
            case .found: threads.hasFound = true
            }
        }
    }

    private struct ThreadSet {
        var steps: [Int] = []
        var hasFound = false
        private var visited: [Bool]

        init(count: Int) { visited = Array(repeating: false, count: count) }

        mutating func visit(_ step: Int) -> Bool {
            defer { visited[step] = true }
            return !visited[step]
        }
    }
}

/// Some scalars: `a`, `.`, `[a-z]`, `\W`.
struct ScalarSet {
    enum Member {
        case range(ClosedRange<Unicode.Scalar>)
        case digit, word, space
        case notDigit, notWord, notSpace

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .range(let range): range.contains(scalar)
            case .digit: scalar.properties.numericType == .decimal
            case .word: scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
            case .space: scalar.properties.isWhitespace
            case .notDigit: !Self.digit.contains(scalar)
            case .notWord: !Self.word.contains(scalar)
            case .notSpace: !Self.space.contains(scalar)
            }
        }
    }

    var members: [Member] = []
    var isNegated = false

    /// Everything but the end of a line.
    static let any = ScalarSet(members: [.range("\n"..."\n")], isNegated: true)

    func contains(_ scalar: Unicode.Scalar) -> Bool { members.contains { $0.contains(scalar) } != isNegated }
}

/// Writes an expression out as steps.
private struct PatternCompiler {
    private(set) var program: [RegularPattern.Step] = []
    /// Repetitions of nothing cost no steps, but time to write out.
    private var visits = 0
    private static let mostSteps = 4_000

    /// False when the program would be too large.
    mutating func emit(_ step: RegularPattern.Step) -> Bool {
        program.append(step)
        return program.count <= Self.mostSteps
    }

    /// False when the program would be too large.
    mutating func add(_ tree: PatternTree) -> Bool {
        visits += 1
        guard visits <= Self.mostSteps else { return false }
        switch tree {
        case .one(let set): return emit(.one(set))
        case .start: return emit(.start)
        case .end: return emit(.end)
        case .sequence(let parts): return parts.allSatisfy { add($0) }
        case .choice(let one, let other):
            let fork = program.count
            guard emit(.jump(0)), add(one) else { return false }
            let leap = program.count
            guard emit(.jump(0)) else { return false }
            program[fork] = .either(fork + 1, program.count)
            guard add(other) else { return false }
            program[leap] = .jump(program.count)
            return true
        case .repeated(let part, let least, let most):
            for _ in 0..<least { guard add(part) else { return false } }
            guard let most else { return loop(part) }
            for _ in least..<max(least, most) { guard optional(part) else { return false } }
            return true
        }
    }

    private mutating func optional(_ part: PatternTree) -> Bool {
        let fork = program.count
        guard emit(.jump(0)), add(part) else { return false }
        program[fork] = .either(fork + 1, program.count)
        return true
    }

    private mutating func loop(_ part: PatternTree) -> Bool {
        let fork = program.count
        guard emit(.jump(0)), add(part), emit(.jump(fork)) else { return false }
        program[fork] = .either(fork + 1, program.count)
        return true
    }
}

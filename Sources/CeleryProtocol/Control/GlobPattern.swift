/// A shell pattern as Python's `fnmatchcase` reads it: `*`, `?`, `[abc]`, `[a-z]`, `[!a-z]`.
///
/// Matching goes back to the last `*` only, so it takes at most pattern length × text length steps.
package struct GlobPattern: Sendable {
    private enum Element: Sendable {
        case anyRun
        case any
        case one(Unicode.Scalar)
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)

        func fits(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .anyRun: false
            case .any: true
            case .one(let wanted): scalar == wanted
            case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
            }
        }

        var isRun: Bool {
            guard case .anyRun = self else { return false }
            return true
        }
    }

    private let elements: [Element]

    package init(_ pattern: String) {
        let scalars = Array(pattern.unicodeScalars)
        var elements: [Element] = []
        var position = 0
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            switch scalar {
            case "*": elements.append(.anyRun)
            case "?": elements.append(.any)
            case "[": elements.append(Self.set(scalars, &position))
            default: elements.append(.one(scalar))
            }
        }
        self.elements = elements
    }

    /// Reads a set, with `position` behind its `[`, and leaves it behind the `]`.
    ///
    /// Without a `]` the `[` stands for itself.
    private static func set(_ scalars: [Unicode.Scalar], _ position: inout Int) -> Element {
        var start = position
        let negated = start < scalars.count && scalars[start] == "!"
        if negated { start += 1 }
        // A `]` right at the beginning is a member of the set.
        let search = start + 1
        guard search <= scalars.count, let end = scalars[search...].firstIndex(of: "]") else { return .one("[") }
        position = end + 1
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var index = start
        while index < end {
            if index + 2 < end, scalars[index + 1] == "-" {
                if scalars[index] <= scalars[index + 2] { ranges.append(scalars[index]...scalars[index + 2]) }
                index += 3
            } else {
                ranges.append(scalars[index]...scalars[index])
                index += 1
            }
        }
        return .set(ranges, negated: negated)
    }

    package func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var element = 0
        var position = 0
        /// Where to go on when the rest does not fit: one scalar more for the last run.
        var retry: (element: Int, position: Int)?
        while position < scalars.count {
            if element < elements.count, elements[element].isRun {
                retry = (element + 1, position)
                element += 1
            } else if element < elements.count, elements[element].fits(scalars[position]) {
                element += 1
                position += 1
            } else if let last = retry {
                retry = (last.element, last.position + 1)
                (element, position) = (last.element, last.position + 1)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy(\.isRun)
    }
}

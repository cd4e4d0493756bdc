/// Versions as plugin repositories write them.
enum HubVersion {
    /// The version of Dispatcharr whose interface plugins find here; `version.py` in the plugins' Python says the same.
    static let dispatcharr = "0.29.0"

    /// Below zero when the first is older, above when it is newer, zero when they are the same or one is not said.
    ///
    /// Numbers between dots, with or without a `v`. Where a part is no number, order means nothing: then 1 stands for
    /// "not the same", as Dispatcharr has it.
    static func compare(_ first: String, _ second: String) -> Int {
        guard !first.isEmpty, !second.isEmpty else { return 0 }
        let (first, second) = (first.drop { $0 == "v" }, second.drop { $0 == "v" })
        guard let left = numbers(first), let right = numbers(second) else { return first == second ? 0 : 1 }
        for index in 0..<max(left.count, right.count) {
            let (a, b) = (index < left.count ? left[index] : 0, index < right.count ? right[index] : 0)
            if a != b { return a < b ? -1 : 1 }
        }
        return 0
    }

    private static func numbers(_ version: Substring) -> [Int]? {
        let parts = version.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(part) : nil
        }
        return numbers.count == parts.count ? numbers : nil
    }

    /// Why a plugin for these versions does not fit here; nil when it does.
    static func misfit(minimum: String, maximum: String) -> String? {
        let sentence = "This plugin version requires Dispatcharr"
        if compare(dispatcharr, minimum) < 0 { return "\(sentence) \(minimum) or newer (you have \(dispatcharr))" }
        if compare(dispatcharr, maximum) > 0 { return "\(sentence) \(maximum) or older (you have \(dispatcharr))" }
        return nil
    }
}

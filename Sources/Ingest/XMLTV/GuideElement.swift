import FoundationEssentials

/// One element inside a `<channel>` or `<programme>`, with its bounded contents.
struct GuideElement {
    let name: String
    var attributes: [(name: String, value: String)] = []
    var bytes: [UInt8] = []
    var children: [GuideElement] = []

    /// The text without white space at its ends.
    var text: String { String(decoding: bytes, as: UTF8.self).trimmed }

    /// An attribute without white space at its ends; nil when absent or empty.
    subscript(attribute: String) -> String? {
        attributes.first { $0.name == attribute }?.value.trimmed.nonEmpty
    }

    func first(_ name: String) -> GuideElement? { children.first { $0.name == name } }

    /// The last non-empty text of a name in the first of these languages that there is; without one, the last of all.
    ///
    /// `en` also means `en-GB` and `en_US`.
    func text(_ name: String, preferring languages: [String]) -> String? {
        for language in languages {
            let fitting = children.last { child in
                guard child.name == name, let own = child["lang"]?.lowercased(), !child.text.isEmpty else {
                    return false
                }
                return own == language || own.hasPrefix(language + "-") || own.hasPrefix(language + "_")
            }
            if let fitting { return fitting.text }
        }
        return texts(name).last
    }

    /// The non-empty texts of all children of a name, in order.
    func texts(_ name: String) -> [String] {
        children.compactMap { $0.name == name ? $0.text.nonEmpty : nil }
    }
}

extension GuideChannel {
    /// Nil when the element has no id that could be stored.
    init?(_ element: GuideElement, line: Int, problems: inout ParseProblems) {
        guard let id = element["id"] else {
            problems.note(.missingField, line: line, "channel without id")
            return nil
        }
        guard id.cut(to: 255) == id else {
            problems.note(.tooLong, line: line, "channel id")
            return nil
        }
        var icon = element.first("icon")?["src"]
        if let address = icon, address.cut(to: 500) != address {
            problems.note(.tooLong, line: line, "icon of channel \(id)")
            icon = nil
        }
        self.init(id: id, name: (element.texts("display-name").first ?? id).cut(to: 512), icon: icon)
    }
}

extension Programme {
    /// Nil when channel or times are missing, unreadable or backwards.
    init?(_ element: GuideElement, languages: [String], line: Int, problems: inout ParseProblems) {
        guard let channel = element["channel"], let begins = element["start"], let ends = element["stop"] else {
            problems.note(.missingField, line: line, "programme without channel, start or stop")
            return nil
        }
        guard let start = GuideTime.unixSeconds(begins), let stop = GuideTime.unixSeconds(ends) else {
            problems.note(.invalidTime, line: line, "\(begins) - \(ends)")
            return nil
        }
        guard stop >= start else {
            problems.note(.endsBeforeStart, line: line, "\(begins) - \(ends)")
            return nil
        }
        let description = element.text("desc", preferring: languages)
        self.init(
            channel: channel, start: Date(timeIntervalSince1970: Double(start)),
            stop: Date(timeIntervalSince1970: Double(stop)),
            title: (element.text("title", preferring: languages) ?? "No Title").cut(to: 255),
            subTitle: element.text("sub-title", preferring: languages), description: description,
            customProperties: ProgrammeProperties(element, description: description).object)
    }
}

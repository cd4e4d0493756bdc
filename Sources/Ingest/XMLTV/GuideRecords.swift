public import CeleryProtocol
public import FoundationEssentials

/// One `<channel>` of a guide.
public struct GuideChannel: Sendable, Equatable {
    /// The `id` attribute, at most 255 characters; what programmes and streams refer to.
    public var id: String
    /// The first `display-name`, at most 512 characters; the id when there is none.
    public var name: String
    /// The first icon's address, at most 500 characters.
    public var icon: String?

    /// A channel with these values.
    public init(id: String, name: String, icon: String? = nil) {
        self.id = id
        self.name = name
        self.icon = icon
    }
}

/// One `<programme>` of a guide.
public struct Programme: Sendable, Equatable {
    /// The channel's id.
    public var channel: String
    /// When it begins; whole seconds.
    public var start: Date
    /// When it ends; never before the start.
    public var stop: Date
    /// The last non-empty title, at most 255 characters; "No Title" when there is none.
    public var title: String
    /// The last non-empty sub-title.
    public var subTitle: String?
    /// The last non-empty description.
    public var description: String?
    /// Everything else the guide says, under the names that Dispatcharr's `custom_properties` use, as JSON; nil when
    /// nothing.
    public var properties: [UInt8]?

    /// ``properties``, read.
    public var customProperties: JSONObject? {
        properties.flatMap { (try? JSONValue(parsing: $0))?.object }
    }

    /// A programme with these values.
    public init(
        channel: String, start: Date, stop: Date, title: String, subTitle: String? = nil, description: String? = nil,
        properties: [UInt8]? = nil
    ) {
        self.channel = channel
        self.start = start
        self.stop = stop
        self.title = title
        self.subTitle = subTitle
        self.description = description
        self.properties = properties
    }
}

/// What a guide parser gives out, in the order of the file.
public enum GuideRecord: Sendable, Equatable {
    case channel(GuideChannel)
    case programme(Programme)
}

extension String {
    /// The first characters as databases count them (code points).
    func cut(to count: Int) -> String {
        guard utf8.count > count, unicodeScalars.count > count else { return self }
        return String(unicodeScalars.prefix(count))
    }

    /// Nil instead of "".
    var nonEmpty: String? { isEmpty ? nil : self }
}

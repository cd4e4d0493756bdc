import CeleryProtocol

/// How one object of `get_live_streams` becomes an entry; servers write numbers as texts and leave things out.
enum XtreamStream {
    /// Keys that have columns of their own.
    private static let mapped: Set<String> = [
        "name", "num", "stream_id", "stream_icon", "epg_channel_id", "tv_archive", "tv_archive_duration", "is_adult",
    ]

    /// An entry; nil when the object has no id.
    static func entry(_ object: JSONObject, _ login: XtreamLogin, groups: [String: String]) -> PlaylistEntry? {
        guard let id = object["stream_id"].flatMap(number), id > 0 else { return nil }
        let category = object["category_id"].flatMap(text) ?? object["category_ids"]?.array?.first.flatMap(text)
        let name = object["name"].flatMap(text)?.trimmed ?? ""
        return PlaylistEntry(
            name: name.isEmpty ? "Stream \(id)" : name, url: login.liveURL(id),
            group: category.flatMap { groups[$0] } ?? "Default Group",
            tvgID: object["epg_channel_id"].flatMap(text), logo: object["stream_icon"].flatMap(text),
            channelNumber: object["num"].flatMap(decimal), isAdult: object["is_adult"].flatMap(number) == 1,
            isCatchup: object["tv_archive"].flatMap(number) == 1,
            catchupDays: min(max(0, object["tv_archive_duration"].flatMap(number) ?? 0), 3650),
            attributes: JSONObject(
                zip(object.keys, object.values).filter { !mapped.contains($0.0) && $0.1 != .null }
                    .map { (key: $0.0, value: $0.1) }),
            streamID: id)
    }

    /// Text of a text or a number.
    static func text(_ value: JSONValue) -> String? {
        value.string ?? value.int.map(String.init) ?? value.double.map { "\($0)" }
    }

    /// A whole number of a number, a text or a truth.
    static func number(_ value: JSONValue) -> Int? {
        value.int ?? value.string.flatMap { Int($0.trimmed) } ?? value.bool.map { $0 ? 1 : 0 }
            ?? value.double.flatMap { Int(exactly: $0.rounded(.towardZero)) }
    }

    private static func decimal(_ value: JSONValue) -> Double? {
        value.double ?? value.int.map(Double.init)
            ?? value.string.flatMap { Double($0.trimmed) }.flatMap { $0.isFinite ? $0 : nil }
    }
}

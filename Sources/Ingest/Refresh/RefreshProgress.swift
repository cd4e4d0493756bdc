public import CeleryProtocol

/// Takes the `data` objects of Dispatcharr's `update` envelopes.
public typealias RefreshProgress = @Sendable (JSONObject) async -> Void

/// Builds the events of one refresh.
struct RefreshEvents: Sendable {
    /// `m3u_refresh` or `epg_refresh`.
    let type: String
    /// `account` or `source`.
    let ownerKey: String
    let owner: Int
    let send: RefreshProgress

    func send(_ action: String, _ progress: Double, _ status: RefreshStatus, _ more: JSONObject = [:]) async {
        let whole = progress.rounded()
        var data: JSONObject = ["type": .string(type), ownerKey: .int(owner), "action": .string(action)]
        data["progress"] = whole == progress ? .int(Int(whole)) : .double(progress)
        data["status"] = .string(status.rawValue)
        await send(data.merging(more))
    }

    func fail(_ action: String, _ message: String) async {
        await send(action, 100, .error, ["error": .string(message), "message": .string(message)])
    }
}

extension DownloadProgress {
    /// The keys that clients show while a download goes on.
    var eventFields: JSONObject {
        [
            "speed": .double(kilobytesPerSecond.rounded(toPlaces: 1)),
            "elapsed_time": .double(elapsed.rounded(toPlaces: 1)),
            "time_remaining": .double(remaining.rounded(toPlaces: 1)),
        ]
    }
}

extension Double {
    func rounded(toPlaces places: Int) -> Double {
        let scale = places == 1 ? 10.0 : 100.0
        return (self * scale).rounded() / scale
    }
}

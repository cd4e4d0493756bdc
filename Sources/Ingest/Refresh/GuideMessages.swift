/// What people read about a guide refresh: `last_message`, and `error` in the event.
enum GuideMessages {
    static let noSource = "No URL provided and no valid local file exists"
    static let unfinished = "Refresh did not complete successfully"

    static func downloading(_ progress: DownloadProgress) -> String {
        "Downloading: \(oneDecimal(progress.percent))% - \(oneDecimal(progress.kilobytesPerSecond)) KB/s - "
            + "\(twoDecimals(Double(progress.bytes) / 1_048_576)) MB"
    }

    static func channels(_ count: Int) -> String { "Successfully parsed \(count) channels" }

    static func nothingMapped(_ count: Int) -> String {
        "No channels mapped to this EPG source (\(count) entries available)"
    }

    static func programmes(_ programmes: Int, channels: Int, skipped: Int, unmapped: Int) -> String {
        let kept = "Parsed \(grouped(programmes)) programs for \(grouped(channels)) channels"
        guard skipped > 0 else { return kept }
        return kept + " (skipped \(grouped(skipped)) programs for \(grouped(unmapped)) unmapped channels)"
    }

    /// The text, and the code that `epg_fetch_error` carries.
    static func failure(_ error: DownloadError, name: String) -> (message: String, code: String) {
        let source = "EPG source '\(name)'"
        switch error.code {
        case .status(let status): return ("\(source) \(self.status(status))", String(status))
        case .timedOut: return ("Timeout error: \(source) took too long to respond", "timeout")
        case .connection: return ("Connection error: Unable to connect to \(source)", "connection_error")
        case .unreadableFile: return ("\(noSource) (\(error.detail))", "file_error")
        case .refusedAddress, .redirects, .tooLarge, .network:
            return ("Network error: \(source) cannot be fetched - \(error.detail)", "request_error")
        }
    }

    private static func status(_ status: Int) -> String {
        switch status {
        case 404: "returned 404 error - will retry on next scheduled run"
        case 401, 403: "access denied (HTTP \(status)) - check credentials"
        case 429: "rate limited (429) - try again later"
        case 500...599: "server error (HTTP \(status)) - will retry later"
        default: "HTTP error \(status)"
        }
    }
}

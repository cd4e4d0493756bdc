/// What people read about a playlist refresh: `last_message`, and `error` in the event.
enum PlaylistMessages {
    static func downloading(_ progress: DownloadProgress) -> String {
        "Downloading: \(oneDecimal(progress.percent))% - \(oneDecimal(progress.kilobytesPerSecond)) KB/s - "
            + "\(oneDecimal(progress.remaining))s remaining"
    }

    static func downloaded(_ progress: DownloadProgress) -> String {
        "Download complete. Size: \(twoDecimals(Double(progress.bytes) / 1_048_576)) MB, "
            + "Time: \(oneDecimal(progress.elapsed))s"
    }

    static func finished(_ counts: PlaylistCounts, total: Int, seconds: Double, suspended: [String]) -> String {
        var text =
            "Processing completed in \(oneDecimal(seconds)) seconds. Streams: \(counts.created) created, "
            + "\(counts.updated) updated, \(counts.stale) marked stale, \(counts.deleted) removed. "
            + "Total processed: \(total)."
        if let first = suspended.first {
            text += " \(suspended.count) filter(s) took too long and were suspended: \(first.prefix(80))"
        }
        return text
    }

    /// What is added about the channels that follow groups; nothing when nothing happened.
    static func synced(_ sync: ChannelSync) -> String {
        let parts = [
            (sync.created, "channel(s) created"), (sync.updated, "updated"), (sync.deleted, "deleted"),
            (sync.failures.count, "failed"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.isEmpty ? "" : " Auto-sync: \(parts.joined(separator: ", "))."
    }

    static let noSource = "No M3U source available (missing URL and file)"
    static let unfinished = "Refresh did not complete successfully"
    static let noXtreamStreams = "No streams returned from Xtream Codes provider"
    static let noStreams = "The playlist holds no streams; the ones already here were kept."

    static func failure(_ error: DownloadError, _ source: IngestSource) -> String {
        let url = source.display
        switch error.code {
        case .status(let status):
            let said = error.serverMessage.isEmpty ? "" : ". Server message: \(error.serverMessage)"
            return self.status(status, url) + said
        case .timedOut: return "Timeout while fetching M3U file from URL: \(url)"
        case .connection: return "Connection error while fetching M3U file from URL: \(url)"
        case .unreadableFile: return "Error opening file \(error.detail)"
        case .refusedAddress, .redirects, .tooLarge, .network:
            return "Network error while fetching M3U file from URL: \(url) - \(error.detail)"
        }
    }

    private static func status(_ status: Int, _ url: String) -> String {
        switch status {
        case 401: "Authentication required (401) for M3U file at URL: \(url)"
        case 403: "Access forbidden (403) to M3U file at URL: \(url)"
        case 404: "M3U file not found (404) at URL: \(url)"
        case 500: "Server error (500) while fetching M3U file from URL: \(url)"
        case 884: "Server returned HTTP 884 (authentication/authorization failure) from URL: \(url)"
        case 800...: "Server returned non-standard HTTP status \(status) from URL: \(url)"
        default: "HTTP error (\(status)) while fetching M3U file from URL: \(url)"
        }
    }

    static func fault(_ fault: ContentCheck.Fault, _ source: IngestSource) -> String {
        let url = source.display
        switch fault {
        case .html:
            return "Server returned HTML page instead of M3U file from URL: \(url). "
                + "This usually indicates an error or authentication issue."
        case .errorText(let text):
            return "Server returned an error message instead of M3U file from URL: \(url). Server message: \(text)"
        case .empty: return "Server responded successfully (HTTP 200) but provided empty M3U file from URL: \(url)"
        case .binary: return "Server provided non-text content from URL: \(url). Unable to process as M3U file."
        case .other: return "Server provided invalid M3U content from URL: \(url)"
        }
    }
}

/// A number with one digit after the point.
func oneDecimal(_ value: Double) -> String { decimals(value, 10, 1) }

/// A number with two digits after the point.
func twoDecimals(_ value: Double) -> String { decimals(value, 100, 2) }

private func decimals(_ value: Double, _ scale: Int, _ digits: Int) -> String {
    let units = Int((min(max(value, 0), 1e15) * Double(scale)).rounded())
    let fraction = String(units % scale)
    return "\(units / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// A whole number with commas between thousands.
func grouped(_ value: Int) -> String {
    var text = ""
    for (index, digit) in String(value).reversed().enumerated() {
        if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
        text.append(digit)
    }
    return String(text.reversed())
}

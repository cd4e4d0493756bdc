import Catalog
import CeleryProtocol

/// The schedules that every installation has, under the names by which Dispatcharr's own beat keeps them.
///
/// Beat adds those that are missing when it starts; whoever wants one no more switches it off. None is made up for
/// after a pause, and none starts while its last run goes on.
enum StandingSchedules {
    static let all: [ScheduleDraft] = [
        standing(
            "scan-files", "core.tasks.scan_and_process_files", every: 20, .seconds,
            "Takes in playlists, guides and logos from the data folder.", isRecorded: false),
        standing(
            "maintain-recurring-recordings", "apps.channels.tasks.maintain_recurring_recordings", every: 3600, .seconds,
            "Keeps recordings of recurring rules scheduled ahead."),
        standing(
            "check-version-updates", "core.tasks.check_for_version_update", every: 86_400, .seconds,
            "Tells of a newer version, where version_check_url names a feed."),
        standing(
            "check-account-expirations", "apps.m3u.tasks.check_account_expirations", every: 86_400, .seconds,
            "Tells of provider subscriptions that end soon."),
        channelStatuses,
    ]

    /// Dispatcharr keeps it, switched off: its proxy tells by itself.
    private static var channelStatuses: ScheduleDraft {
        var draft = standing(
            "fetch-channel-statuses", "apps.proxy.tasks.fetch_channel_stats", every: 2, .seconds,
            "Tells what a streaming proxy plays.")
        draft.isEnabled = false
        return draft
    }

    private static func standing(
        _ name: String, _ task: String, every: Int, _ period: Recurrence.Period, _ description: String,
        isRecorded: Bool = true
    ) -> ScheduleDraft {
        var draft = ScheduleDraft(name: name, task: task, recurrence: .interval(every: every, period: period))
        var options: JSONObject = ["missed": "skip", "overlap": "skip"]
        if !isRecorded { options["recorded"] = false }
        draft.headers = ["skirret": .object(options)]
        draft.description = description
        return draft
    }
}

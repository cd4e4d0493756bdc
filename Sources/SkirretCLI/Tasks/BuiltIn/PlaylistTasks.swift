import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Skirret

/// Accounts beside their refresh: groups alone, channels that follow groups, subscriptions that end.
extension DispatcharrTasks {
    var playlistTasks: [RegisteredTask] {
        [groups.registered, autoSync.registered, expirations.registered]
    }

    /// What `refresh_m3u_groups` answers; Dispatcharr's tuple is a list on the wire.
    private var groups: TaskDefinition<JSONValue, Int, Bool?, Bool?, JSONValue?> {
        let options = TaskOptions(
            timeLimit: .seconds(3600),
            singleFlight: .init(
                name: { args, kwargs in RefreshTasks.groupsFlight((args.first ?? kwargs["account_id"] ?? .null).text) },
                answer: { running in [.string("Task already running for this account, as \(running)."), .null] }))
        return TaskDefinition(
            "apps.m3u.tasks.refresh_m3u_groups",
            parameters: ["account_id", "use_cache", "full_refresh", "scan_start_time"], options: options
        ) { (context: TaskContext, id: Int, _: Bool?, _: Bool?, _: JSONValue?) in
            let store = CatalogPlaylists(catalog: catalog)
            guard let account = try await store.playlistAccount(id), account.isActive else {
                return [.string("M3UAccount with ID=\(id) not found or inactive."), .null]
            }
            @Sendable func announce(_ progress: Int, _ status: SourceStatus, _ message: String, error: Bool = false)
                async throws
            {
                try await catalog.m3uAccounts.report(id, status: status, message: message)
                var data: JSONObject = [
                    "account": .int(id), "action": "processing_groups", "progress": .int(progress),
                    "status": .string(status.rawValue), "message": .string(message),
                ]
                if error { data["error"] = .string(message) }
                await tell("m3u_refresh", data)
            }
            try await announce(0, .fetching, "Reading the groups")
            do {
                let found = try await PlaylistGroups(logger: context.logger).read(account)
                let properties = try await catalog.m3uAccounts.find(id)?.draft.customProperties
                let groups = try await catalog.updateGroups(
                    of: id, to: found.groups,
                    newGroupsEnabled: properties?["auto_enable_new_groups_live"]?.bool ?? true)
                try await announce(
                    100, .pendingSetup,
                    "M3U groups loaded. Please select groups or refresh M3U to complete setup.")
                // The streams themselves stay out: nobody here reads them twice, and they would fill the result store.
                return [[], .object(JSONObject(groups.map { (key: $0.name, value: ["id": .int($0.groupID)]) }))]
            } catch let error as Ingest.RefreshError {
                try await announce(100, .error, error.message, error: true)
                return [.string(error.message), .null]
            }
        }
    }

    /// `scan_start_time` is of no use here: a refresh marks what it did not see before this runs.
    private var autoSync: TaskDefinition<JSONValue, Int, JSONValue?> {
        let options = TaskOptions(
            retry: .deferring(atMost: 240),
            singleFlight: .init(
                name: { args, kwargs in "auto-sync:\((args.first ?? kwargs["account_id"] ?? .null).text)" },
                answer: {
                    ["status": "locked", "error": .string("The account's channels are being synced, as \($0).")]
                }))
        return TaskDefinition(
            "apps.m3u.tasks.sync_auto_channels", parameters: ["account_id", "scan_start_time"], options: options
        ) { (id: Int, _: JSONValue?) in
            let report = try await catalog.syncAutoChannels(account: id)
            try await queue.readProgrammes(of: report.guidesWithoutProgrammes, in: catalog)
            if report.created + report.updated + report.deleted > 0 {
                await tell(
                    "epg_channels",
                    ["message": .string("Auto-sync: \(report.created) channel(s) created"), "refresh_channels": true])
            }
            return report.json
        }
    }

    private var expirations: TaskDefinition<String> {
        TaskDefinition("apps.m3u.tasks.check_account_expirations") { () in
            let due = try await catalog.m3uAccounts.expirations()
            var posted = 0
            for notification in due {
                guard let data = try await catalog.notifications.post(notification) else { continue }
                posted += 1
                await tell("system_notification", ["notification": .object(data)])
            }
            let gone = try await catalog.notifications.withdraw(
                prefix: M3UAccountTable.expirationPrefix, except: Set(due.map(\.key)))
            for key in gone { await tell("notification_dismissed", ["notification_key": .string(key)]) }
            return "\(due.count) subscription(s) expired or about to; \(posted) notification(s) posted."
        }
    }
}

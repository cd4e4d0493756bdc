import API
import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Logging
import Skirret
import SkirretRedis

/// Tasks that ask somebody outside: plugin repositories, release feeds, a proxy, providers' servers.
extension DispatcharrTasks {
    var directTasks: [RegisteredTask] {
        [repositories.registered, version.registered, channelStats.registered] + accountTasks + schedulesDirectTasks
    }

    private var repositories: TaskDefinition<String> {
        TaskDefinition("apps.plugins.tasks.refresh_plugin_repos") { (context: TaskContext) in
            let (read, all) = try await PluginHub(catalog, logger: context.logger).refreshAll()
            return "\(read) of \(all) plugin repositories were read."
        }
    }

    /// Reads the feed that the settings name, in the form of GitHub's `releases/latest`.
    private var version: TaskDefinition<String> {
        TaskDefinition("core.tasks.check_for_version_update") { (context: TaskContext) in
            let settings = try await catalog.settings.values(of: .system)
            guard let feed = settings["version_check_url"]?.string, !feed.isEmpty else {
                return "No release feed is configured: set version_check_url in system_settings to an address that "
                    + "answers as GitHub's releases/latest does."
            }
            let release = try await JSONDocument(logger: context.logger).fetch(feed)
            guard let tag = release["tag_name"]?.string else {
                throw TaskFailure.builtin("ValueError", "\(IngestSource.web(feed).display) names no tag_name.")
            }
            let newest = tag.hasPrefix("v") ? String(tag.dropFirst()) : tag
            guard newest.compare(Release.version, options: .numeric) == .orderedDescending else {
                for key in try await catalog.notifications.withdraw(prefix: "version-") {
                    await tell("notification_dismissed", ["notification_key": .string(key)])
                }
                return "Version \(Release.version) is the newest."
            }
            var notification = SystemNotification(
                key: "version-\(newest)", type: "version_update", title: "Update available: \(newest)",
                message: "Version \(newest) is there; this is \(Release.version).")
            notification.isForAdmins = true
            notification.action = ["release_url": release["html_url"] ?? .null]
            _ = try await catalog.notifications.withdraw(prefix: "version-", except: [notification.key])
            if let data = try await catalog.notifications.post(notification) {
                await tell("system_notification", ["notification": .object(data)])
            }
            return "Version \(newest) is available."
        }
    }

    // MARK: - A streaming proxy

    /// What a proxy beside this server has written down as playing; without one, that nothing plays.
    private var channelStats: TaskDefinition<JSONValue> {
        TaskDefinition("apps.proxy.tasks.fetch_channel_stats") { () in
            let (prefix, suffix) = ("live:channel:", ":metadata")
            var channels: [JSONValue] = []
            var cursor = "0"
            repeat {
                let reply = try await queue.redis.send(
                    "SCAN", .init(cursor), "MATCH", .init("\(prefix)*\(suffix)"), "COUNT", "500")
                cursor = reply.array?.first?.string ?? "0"
                for key in reply.array?.last?.array?.compactMap(\.string) ?? [] {
                    let channel = String(key.dropFirst(prefix.count).dropLast(suffix.count))
                    let fields = try await queue.redis.send("HGETALL", .init(key)).array?.compactMap(\.string) ?? []
                    let clients = try await queue.redis.send("SCARD", .init("\(prefix)\(channel):clients")).int ?? 0
                    channels.append(Self.playing(channel, fields, clients))
                }
            } while cursor != "0"
            let stats: JSONValue = ["channels": .array(channels), "count": .int(channels.count)]
            // Text in the message: that is how the page reads it.
            await tell("channel_stats", ["stats": .string(stats.text)])
            return stats
        }
    }

    private static func playing(_ channel: String, _ fields: [String], _ clients: Int) -> JSONValue {
        var values: [String: String] = [:]
        for index in stride(from: 0, to: fields.count - 1, by: 2) { values[fields[index]] = fields[index + 1] }
        let started = values["init_time"].flatMap(Double.init)
        return [
            "channel_id": .string(channel), "state": JSONValue(values["state"]), "url": .string(values["url"] ?? ""),
            "stream_profile": .string(values["stream_profile"] ?? ""),
            "channel_name": JSONValue(values["channel_name"]),
            "uptime": .double(started.map { max(0, Date().timeIntervalSince1970 - $0) } ?? 0),
            "client_count": .int(clients),
        ]
    }
}

import Catalog
import CeleryProtocol
import Skirret

/// Finding guide channels for channels.
extension DispatcharrTasks {
    var matchingTasks: [RegisteredTask] { [matchAll.registered, matchSome.registered, matchOne.registered] }

    private var matchAll: TaskDefinition<String> {
        TaskDefinition("apps.channels.tasks.match_epg_channels") { () in try await match(nil) }
    }

    private var matchSome: TaskDefinition<String, [Int]> {
        TaskDefinition("apps.channels.tasks.match_selected_channels_epg", parameters: ["channel_ids"]) {
            (ids: [Int]) in try await match(ids)
        }
    }

    private var matchOne: TaskDefinition<JSONValue, Int> {
        TaskDefinition("apps.channels.tasks.match_single_channel_epg", parameters: ["channel_id"]) { (id: Int) in
            guard let before = try await catalog.channels.find(id) else {
                return await answer(id, nil, "Channel \(id) was not found", nil)
            }
            let report = try await catalog.channels.matchGuides(channels: [id])
            try await queue.readProgrammes(of: report.guidesWithoutProgrammes, in: catalog)
            guard let found = report.associations.first else {
                return await answer(id, nil, "No suitable EPG match found for \(before.name)", before)
            }
            let channel = try await catalog.channels.find(id)
            return await answer(id, found, "Channel '\(before.name)' matched with EPG '\(found.guideName)'", channel)
        }
    }

    private func answer(
        _ id: Int, _ found: GuideAssociation?, _ message: String, _ channel: Channel?
    ) async -> JSONValue {
        var data: JSONObject = [
            "channel_id": .int(id), "matched": .bool(found != nil), "message": .string(message),
        ]
        if let channel {
            data["channel"] = [
                "id": .int(channel.id), "name": .string(channel.name), "tvg_id": JSONValue(channel.tvgID),
                "epg_data_id": JSONValue(channel.guideID), "channel_number": JSONValue(channel.number),
            ]
        }
        if let found { data["epg_data"] = ["id": .int(found.guideID), "name": .string(found.guideName)] }
        await tell("single_channel_epg_match", data)
        return ["matched": .bool(found != nil), "message": .string(message)]
    }

    private func match(_ ids: [Int]?) async throws -> String {
        @Sendable func stage(_ name: String, _ total: Int, _ matched: Int, _ done: Int, _ current: String) -> JSONObject
        {
            [
                "stage": .string(name), "total": .int(total), "matched": .int(matched), "remaining": .int(total - done),
                "current_channel": .string(current),
                "progress_percent": .int(total > 0 ? 100 * done / total : 100),
            ]
        }
        let report = try await telling("epg_matching_progress") { say in
            try await catalog.channels.matchGuides(channels: ids) { done, total, matched, name in
                say(stage(done == 0 ? "starting" : "matching", total, matched, done, name))
            }
        }
        await tell(
            "epg_matching_progress", stage("completed", report.total, report.associations.count, report.total, ""))
        try await queue.readProgrammes(of: report.guidesWithoutProgrammes, in: catalog)
        let unchanged = report.total - report.updated
        let message =
            report.updated == 0
            ? "No channels needed EPG updates" : "EPG matching complete: \(report.updated) channel(s) updated"
        await tell(
            "epg_match",
            [
                "success": true, "refresh_channels": true, "matches_count": .int(report.updated),
                "message": .string(message),
                "associations": .array(
                    report.associations.filter(\.isNew).map {
                        ["channel_id": .int($0.channelID), "epg_data_id": .int($0.guideID)]
                    }),
            ])
        return "Done. \(report.updated) channel(s) updated (\(unchanged) unchanged)."
    }
}

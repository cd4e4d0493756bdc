import Catalog
import CeleryProtocol
import Skirret

/// Channels of streams, and what channels take over from guides.
extension DispatcharrTasks {
    var channelTasks: [RegisteredTask] {
        [
            bulkCreate.registered, adoptLogos.registered,
            adoption("set_channels_names_from_epg", .name, event: "epg_name_setting_progress", noun: "names"),
            adoption("set_channels_tvg_ids_from_epg", .tvgID, event: "epg_tvg_id_setting_progress", noun: "TVG-IDs"),
        ]
    }

    private var bulkCreate: TaskDefinition<JSONValue, [Int], [Int]?, Double?> {
        TaskDefinition(
            "apps.channels.tasks.bulk_create_channels_from_streams",
            parameters: ["stream_ids", "channel_profile_ids", "starting_channel_number"]
        ) { (context: TaskContext, streams: [Int], profiles: [Int]?, start: Double?) in
            let total = streams.count
            @Sendable func announce(
                _ status: String, _ progress: Int, _ message: String, _ creation: ChannelCreation = .init()
            ) async {
                await tell(
                    "bulk_channel_creation_progress",
                    [
                        "task_id": JSONValue(context.id), "progress": .int(progress), "total": .int(total),
                        "status": .string(status), "message": .string(message),
                        "created_count": .int(creation.created.count), "error_count": .int(creation.errors.count),
                        "errors": .array(creation.errors.prefix(10).map(JSONValue.string)),
                    ])
                await context.progress(total > 0 ? 100 * Double(progress) / Double(total) : 100, message)
            }
            await announce("starting", 0, "Starting bulk channel creation...")
            do {
                await announce("creating_channels", 0, "Creating \(total) channels...")
                let creation = try await catalog.channels.create(
                    fromStreams: streams, profiles: profiles, numbering: ChannelNumbering(startingAt: start))
                try await queue.readProgrammes(of: creation.guidesWithoutProgrammes, in: catalog)
                await announce(
                    "completed", total, "Successfully created \(creation.created.count) channels", creation)
                await tell("channels_created", ["count": .int(creation.created.count)])
                return [
                    "status": "completed", "created_count": .int(creation.created.count),
                    "error_count": .int(creation.errors.count),
                    "errors": .array(creation.errors.map(JSONValue.string)),
                ]
            } catch {
                await announce("failed", 0, "Task failed: \(error)")
                throw error
            }
        }
    }

    private func adoption(
        _ name: String, _ trait: GuideTrait, event: String, noun: String
    ) -> RegisteredTask {
        let task = TaskDefinition<JSONValue, [Int]>("apps.channels.tasks.\(name)", parameters: ["channel_ids"]) {
            (context: TaskContext, ids: [Int]) in
            try await adopt(trait, channels: ids, source: nil, event: event, noun: noun, context)
        }
        return task.registered
    }

    private var adoptLogos: TaskDefinition<JSONValue, [Int]?, Int?> {
        TaskDefinition(
            "apps.channels.tasks.set_channels_logos_from_epg", parameters: ["channel_ids", "epg_source_id"]
        ) { (context: TaskContext, ids: [Int]?, source: Int?) in
            try await adopt(
                .logo, channels: ids, source: source, event: "epg_logo_setting_progress", noun: "logos", context)
        }
    }

    private func adopt(
        _ trait: GuideTrait, channels ids: [Int]?, source: Int?, event: String, noun: String, _ context: TaskContext
    ) async throws -> JSONValue {
        @Sendable func announce(_ status: String, _ message: String, _ adoption: GuideAdoption) async {
            var data: JSONObject = [
                "task_id": JSONValue(context.id), "progress": .int(status == "completed" ? adoption.total : 0),
                "total": .int(adoption.total), "status": .string(status), "message": .string(message),
                "updated_count": .int(adoption.updated), "error_count": 0, "errors": [],
            ]
            if trait == .logo { data["created_logos_count"] = .int(adoption.newLogos) }
            await tell(event, data)
        }
        await announce("running", "Setting channel \(noun) from EPG...", GuideAdoption(total: ids?.count ?? 0))
        do {
            let adoption = try await catalog.channels.adopt(trait, channels: ids, source: source)
            await announce("completed", "Updated \(adoption.updated) of \(adoption.total) channel \(noun)", adoption)
            var answer: JSONObject = [
                "status": "completed", "updated_count": .int(adoption.updated), "error_count": 0, "errors": [],
            ]
            if trait == .logo { answer["created_logos_count"] = .int(adoption.newLogos) }
            return .object(answer)
        } catch {
            await announce("failed", "Task failed: \(error)", GuideAdoption(total: ids?.count ?? 0))
            throw error
        }
    }
}

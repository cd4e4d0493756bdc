import SkirretRedis

/// The state transitions of a message, each one Lua script and so one atomic step.
///
/// The contract of each stands at the head of its file in `Scripts/`. Those that are repeatable answer the same when a
/// connection took the first answer along; the others' callers must know that it may have happened.
enum Scripts {
    static let enqueue = RedisScript(name: "enqueue", source: PackageResources.enqueue_lua, isRepeatable: true)
    static let enqueueMany = RedisScript(
        name: "enqueue_many", source: PackageResources.fair_lua + PackageResources.enqueue_many_lua, isRepeatable: true)
    static let accept = RedisScript(
        name: "accept", source: PackageResources.fair_lua + PackageResources.accept_lua, isRepeatable: true)
    static let claim = RedisScript(
        name: "claim", source: PackageResources.envelope_lua + PackageResources.claim_lua, isRepeatable: true)
    static let heartbeat = RedisScript(name: "heartbeat", source: PackageResources.heartbeat_lua, isRepeatable: true)
    static let finish = limited(
        "finish",
        PackageResources.results_lua + PackageResources.fair_lua + PackageResources.batch_lua
            + PackageResources.finish_lua)
    static let store = RedisScript(
        name: "store", source: PackageResources.results_lua + PackageResources.store_lua, isRepeatable: true)
    static let note = RedisScript(
        name: "note", source: PackageResources.results_lua + PackageResources.note_lua, isRepeatable: true)
    static let replace = RedisScript(name: "replace", source: PackageResources.replace_lua, isRepeatable: true)
    static let join = RedisScript(name: "join", source: PackageResources.join_lua, isRepeatable: true)
    static let joined = RedisScript(name: "joined", source: PackageResources.joined_lua, isRepeatable: true)
    static let settle = RedisScript(name: "settle", source: PackageResources.results_lua + PackageResources.settle_lua)
    static let restore = limited("restore", PackageResources.restore_lua)
    static let retell = RedisScript(name: "retell", source: PackageResources.retell_lua)
    static let admit = limited("admit", PackageResources.admit_lua, isRepeatable: true)
    static let readmit = limited("readmit", PackageResources.readmit_lua, isRepeatable: true)
    static let shelve = RedisScript(name: "shelve", source: PackageResources.shelve_lua, isRepeatable: true)
    static let survey = RedisScript(name: "survey", source: PackageResources.results_lua + PackageResources.survey_lua)
    static let adopt = RedisScript(name: "adopt", source: PackageResources.adopt_lua, isRepeatable: true)
    static let offer = RedisScript(name: "offer", source: PackageResources.offer_lua)
    static let count = RedisScript(name: "count", source: PackageResources.count_lua, isRepeatable: true)
    static let enqueueFair = RedisScript(
        name: "enqueue_fair", source: PackageResources.fair_lua + PackageResources.enqueue_fair_lua, isRepeatable: true)
    static let deal = RedisScript(name: "deal", source: PackageResources.deal_lua, isRepeatable: true)
    static let find = RedisScript(name: "find", source: PackageResources.find_lua, isRepeatable: true)
    static let report = RedisScript(
        name: "report", source: PackageResources.results_lua + PackageResources.report_lua, isRepeatable: true)
    static let sweep = RedisScript(name: "sweep", source: PackageResources.sweep_lua, isRepeatable: true)
    static let vouch = RedisScript(name: "vouch", source: PackageResources.vouch_lua, isRepeatable: true)
    static let promote = RedisScript(name: "promote", source: PackageResources.fair_lua + PackageResources.promote_lua)
    /// ``finish`` for settlements with parts of chords, or with chords that they start.
    static let finishCanvas = limited(
        "finish_canvas",
        PackageResources.canvas_lua + PackageResources.results_lua + PackageResources.fair_lua
            + PackageResources.batch_lua
            + PackageResources.finish_lua)
    static let start = RedisScript(name: "start", source: PackageResources.fair_lua + PackageResources.start_lua)
    static let singleFlight = RedisScript(
        name: "single_flight", source: PackageResources.single_flight_lua, isRepeatable: true)
    static let revoke = RedisScript(
        name: "revoke", source: PackageResources.results_lua + PackageResources.revoke_lua, isRepeatable: true)
    static let revokeStamps = RedisScript(name: "revoke_stamps", source: PackageResources.revoke_stamps_lua)
    static let reply = RedisScript(name: "reply", source: PackageResources.reply_lua)
    static let bindForAWhile = RedisScript(name: "bind_for_a_while", source: PackageResources.bind_for_a_while_lua)
    static let fire = RedisScript(name: "fire", source: PackageResources.fair_lua + PackageResources.fire_lua)
    static let lead = RedisScript(name: "lead", source: PackageResources.lead_lua)
    static let purge = RedisScript(name: "purge", source: PackageResources.purge_lua)
    static let replay = RedisScript(name: "replay", source: PackageResources.replay_lua)
    static let scheduleSet = RedisScript(name: "schedule_set", source: PackageResources.schedule_set_lua)
    static let scheduleRemove = RedisScript(name: "schedule_remove", source: PackageResources.schedule_remove_lua)
    static let enqueueUnique = RedisScript(
        name: "enqueue_unique", source: PackageResources.fair_lua + PackageResources.enqueue_unique_lua)
    static let release = RedisScript(name: "release", source: PackageResources.release_lua, isRepeatable: true)
    static let batchAdd = RedisScript(
        name: "batch_add", source: PackageResources.fair_lua + PackageResources.batch_add_lua, isRepeatable: true)
    static let batchSeal = RedisScript(
        name: "batch_seal",
        source: PackageResources.fair_lua + PackageResources.batch_lua + PackageResources.batch_seal_lua,
        isRepeatable: true)
    static let batchDone = RedisScript(
        name: "batch_done",
        source: PackageResources.fair_lua + PackageResources.batch_lua + PackageResources.batch_done_lua,
        isRepeatable: true)
    static let stepDown = RedisScript(name: "step_down", source: PackageResources.step_down_lua, isRepeatable: true)

    /// A script with what all that know of limits have in common in front of it.
    private static func limited(_ name: String, _ source: [UInt8], isRepeatable: Bool = false) -> RedisScript {
        RedisScript(name: name, source: PackageResources.limits_lua + source, isRepeatable: isRepeatable)
    }
}

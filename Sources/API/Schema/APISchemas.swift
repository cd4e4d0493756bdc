import Catalog
import CeleryProtocol
import Skirret

/// The shapes that several answers share.
enum APISchemas {
    static let all: JSONObject = [
        "Error": .object(error.object ?? [:]), "Task": task, "TaskDetail": detail, "Schedule": schedule,
        "Recurrence": recurrence, "Firing": firing, "DeadLetter": letter, "Explanation": explanation,
        "LogRecord": log,
    ]

    private static let error = Schema.object(
        [
            "success": ["const": false], "error": Schema.text, "code": Schema.text(pattern: "^[a-z0-9_-]+$"),
            "hint": Schema.text, "exception": Schema.text, "task_id": Schema.text,
        ], needs: ["success", "error", "code"])

    static let states = LedgerState.allCases.map(\.name)

    private static let taskMembers: JSONObject = [
        "task_id": Schema.text, "name": Schema.text, "queue": Schema.text,
        "priority": Schema.optional(Schema.integer), "plugin": Schema.optional(Schema.text), "about": Schema.text,
        "origin": Schema.text, "schedule": Schema.optional(Schema.text), "parent_id": Schema.optional(Schema.text),
        "state": Schema.text, "ready": Schema.flag, "retries": Schema.integer, "accepted_at": Schema.time,
        "eta": Schema.optional(Schema.time), "started_at": Schema.optional(Schema.time),
        "finished_at": Schema.optional(Schema.time), "cancelled_at": Schema.optional(Schema.time),
        "error": Schema.optional(Schema.text), "progress": Schema.any,
    ]
    private static let task = Schema.answer(taskMembers)
    private static let detail = Schema.object(
        taskMembers.merging([
            "args": Schema.anyList, "kwargs": Schema.anyObject, "result": Schema.any, "exception": Schema.text,
            "traceback": Schema.optional(Schema.text),
            "timeline": Schema.list(
                of: Schema.object(["at": Schema.time, "what": Schema.text], needs: ["at", "what"])),
            "parents": Schema.list(of: Schema.anyObject), "children": Schema.list(of: Schema.anyObject),
        ]), needs: ["task_id", "state", "ready", "timeline", "parents", "children"])

    static let recurrence: JSONValue = [
        "oneOf": [
            Schema.object(
                [
                    "type": ["const": "interval"], "every": Schema.integer(1...1_000_000_000),
                    "period": Schema.choice(Recurrence.Period.allCases.map(\.rawValue)),
                ], needs: ["type", "every", "period"]),
            Schema.object(
                ["type": ["const": "crontab"], "crontab": Schema.text, "timezone": Schema.text],
                needs: ["type", "crontab"]),
            Schema.object(["type": ["const": "clocked"], "at": Schema.time], needs: ["type", "at"]),
            Schema.object(
                [
                    "type": ["const": "solar"], "event": Schema.text, "latitude": Schema.number,
                    "longitude": Schema.number,
                ], needs: ["type", "event", "latitude", "longitude"]),
        ]
    ]
    private static let schedule = Schema.answer([
        "id": Schema.integer, "name": Schema.text, "task": Schema.text, "args": Schema.anyList,
        "kwargs": Schema.anyObject, "queue": Schema.optional(Schema.text),
        "priority": Schema.optional(Schema.integer), "enabled": Schema.flag, "one_off": Schema.flag,
        "start_time": Schema.optional(Schema.time), "expires": Schema.optional(Schema.time),
        "expire_seconds": Schema.optional(Schema.integer), "missed": Schema.text, "overlap": Schema.text,
        "jitter_seconds": Schema.number, "last_run_at": Schema.optional(Schema.time),
        "total_run_count": Schema.integer, "description": Schema.text, "problem": Schema.optional(Schema.text),
        "schedule": Schema.optional(Schema.anyObject), "next_run_at": Schema.optional(Schema.time),
    ])
    private static let firing = Schema.answer([
        "at": Schema.time, "shift": Schema.optional(Schema.text), "reason": Schema.optional(Schema.text),
    ])
    private static let letter = Schema.object(
        [
            "id": Schema.text, "at": Schema.time, "queue": Schema.text, "task_id": Schema.optional(Schema.text),
            "name": Schema.text, "reason": Schema.text, "worker": Schema.optional(Schema.text),
            "crashes": Schema.integer, "fingerprint": Schema.text,
        ], needs: ["id", "at", "queue", "name", "reason", "fingerprint"])
    private static let explanation = Schema.object(
        [
            "id": Schema.text, "place": Schema.text, "summary": Schema.text, "advice": Schema.optional(Schema.text),
            "facts": Schema.anyObject,
        ], needs: ["id", "place", "summary", "facts"])
    private static let log = Schema.object(
        ["time": Schema.number, "level": Schema.text, "source": Schema.text, "message": Schema.text])
}

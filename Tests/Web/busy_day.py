"""What a server has to say about a busy day: tasks, schedules, a worker, dead letters, and the answers that tell of them."""

from __future__ import annotations

TASK = {
    "task_id": "t-1", "name": "apps.epg.tasks.refresh_epg_data", "queue": "celery", "plugin": None, "about": "guide 3", "origin": "admin",
    "schedule": None, "parent_id": None, "state": "STARTED", "ready": False, "retries": 1, "accepted_at": "2026-11-23T02:00:00Z",
    "started_at": "2026-11-23T02:00:01Z", "finished_at": None, "error": None, "progress": {"percent": 42, "message": "channels"},
}
FAILED = {**TASK, "task_id": "t-2", "state": "FAILURE", "ready": True, "progress": None, "error": "ValueError: <b>no</b> guide", "finished_at": "2026-11-23T02:00:09Z"}
DETAIL = {
    **FAILED, "args": [3], "kwargs": {"force": True}, "exception": "ValueError", "traceback": "Traceback (most recent call last):\n  File …",
    "timeline": [
        {"at": "2026-11-23T02:00:00Z", "what": "accepted", "by": "admin"}, {"at": "2026-11-23T02:00:01Z", "what": "started", "worker": "w1@host"},
        {"at": "2026-11-23T02:00:03Z", "what": "retry", "error": "no line"}, {"at": "2026-11-23T02:00:05Z", "what": "started", "worker": "w2@host"},
        {"at": "2026-11-23T02:00:09Z", "what": "failure", "error": "no guide"},
    ],
    "parents": [{"task_id": "t-0", "relation": "called by", "name": "refresh_all"}], "children": [{"task_id": "t-3", "relation": "called", "name": "notify", "state": "SUCCESS"}, {"task_id": "t-5", "relation": "called"}],
}
SCHEDULE = {
    "id": 1, "name": "nightly", "task": "apps.epg.tasks.refresh_all_epg_data", "args": [], "kwargs": {}, "queue": None, "enabled": True, "last_run_at": None,
    "total_run_count": 0, "problem": None, "schedule": {"type": "crontab", "crontab": "30 2 * * *", "timezone": "Europe/Berlin"}, "next_run_at": "2026-11-24T01:30:00Z",
}
CLOCKED = {**SCHEDULE, "id": 2, "name": "once", "schedule": {"type": "clocked", "at": "2027-01-01T05:00:00Z"}, "next_run_at": "2027-01-01T05:00:00Z", "total_run_count": 3, "missed": "latest", "overlap": "allow", "jitter_seconds": 0}
WORKER = {"name": "w1@host", "pid": 7, "slots": 4, "state": "taking", "queues": ["celery"], "running": [{"id": "t-1", "name": TASK["name"], "began": 1795400000}]}
GROUP = {"fingerprint": "f1", "count": 12, "name": "apps.m3u.tasks.refresh", "reason": "killed its worker three times", "newest": "2026-11-23T01:00:00Z", "oldest": "2026-11-22T01:00:00Z", "example": "d1"}
LETTER = {"id": "d1", "at": "2026-11-23T01:00:00Z", "queue": "celery", "task_id": "t-9", "name": GROUP["name"], "reason": GROUP["reason"], "worker": "w", "crashes": 3, "fingerprint": "f1"}

ANSWERS: dict[str, object] = {
    "GET /api/queues/": {"queues": [{"name": "celery", "waiting": 1200, "paused": False, "consumers": ["w1@host"]}, {"name": "slow", "waiting": 3, "paused": True, "consumers": []}], "scheduled": 4, "running": 2, "parked": 0, "dead": 12},
    "GET /api/queues/celery/": {"name": "celery", "waiting": 3, "running": 1, "scheduled": 0, "parked": 0, "total": 4, "paused": False, "consumers": ["w1@host"]},
    "GET /api/workers/": {"workers": [WORKER]},
    "GET /api/workers/w1%40host/": {**WORKER, "memory_bytes": 50 * 1024 * 1024, "stats": {"uptime": 3600, "pid": 7, "total": {"refresh": 12}}},
    "POST /api/workers/w1%40host/resume/": {"success": True, "name": "w1@host", "queues": ["celery"]},
    "GET /api/tasks/summary/": {"states": {"SUCCESS": 100, "FAILURE": 7}, "names": [TASK["name"]], "queues": ["celery"], "plugins": [], "schedules": ["nightly"]},
    "GET /api/tasks/t-1/": {**TASK, "args": [], "kwargs": {}, "timeline": [], "parents": [], "children": []},
    "GET /api/tasks/t-1/explain/": {"id": "t-1", "place": "running", "summary": "It runs on w1@host since a minute.", "advice": None, "facts": {"worker": "w1@host"}},
    "GET /api/tasks/t-2/": DETAIL,
    "GET /api/tasks/t-4/": {**DETAIL, "task_id": "t-4"},
    "GET /api/tasks/t-5/": {**DETAIL, "task_id": "t-5", "name": "looked.up", "state": "SUCCESS"},
    "GET /api/schedules/1/next/": {"firings": [{"at": "2027-03-28T01:00:00Z", "shift": "gap", "reason": "02:30 does not exist on this day"}]},
    "PATCH /api/schedules/2/": CLOCKED,
    "POST /api/dead/d1/replay/": {"success": True, "replayed": 1},
    "POST /api/tasks/t-2/replay/": {"success": True, "task_id": "t-4"},
    "DELETE /api/tasks/t-1/": {"success": True},
    "GET /api/schedules/": {"schedules": [SCHEDULE, CLOCKED]},
    "PATCH /api/schedules/1/": SCHEDULE,
    "POST /api/schedules/": SCHEDULE,
    "POST /api/schedules/1/run/": {"success": True, "task_id": "t-5"},
    "POST /api/schedules/preview/": {"firings": [{"at": "2027-03-27T01:30:00Z"}, {"at": "2027-03-28T01:00:00Z", "shift": "gap", "reason": "02:30 does not exist on this day"}]},
    "GET /api/dead/d1/": {**LETTER, "args": [1], "kwargs": {}, "retries": 0},
    "POST /api/queues/celery/pause/": {"success": True},
    "POST /api/queues/celery/purge/": {"success": True, "purged": 1200, "left": 0},
    "POST /api/workers/w1%40host/quiet/": {"success": True},
    "POST /api/dead/discard/": {"success": True, "matched": 12, "discarded": 12},
}

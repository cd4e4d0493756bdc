"""The survey's reports as Markdown."""

import re
import sys

#: What a log line or an error says when something that plugins expect is not there.
MISSING = re.compile(
    r"(cannot import name .*|No module named '[^']+'|(?:module|type object|'\w+' object).* has no attribute '\w+'"
    r"|Cannot resolve keyword '\w+'.*|unexpected keyword argument '\w+'|no such (?:table|column): \S+"
    r"|NotImplementedError: .*|ImportError: .*)"
)

#: The sentence of `summary`, in a page that was made before.
COUNTED = re.compile(r"\d+ plugins: \d+ load, ")
#: What requests and urllib say at length where there is no network.
UNREACHABLE = re.compile(r"HTTPS?ConnectionPool\(host='([^']+)'.*", re.DOTALL)


def summary(reports):
    """All of it in a sentence."""
    loaded = [report for report in reports if not report["error"]]
    verdicts = [_verdict(action) for report in loaded for action in report["actions"]]
    counts = {kind: verdicts.count(kind) for kind in ("well", "no", "failed")}
    return (
        f"{len(reports)} plugins: {len(loaded)} load, {len(reports) - len(loaded)} cannot and say why. "
        f"{len(verdicts)} actions: {counts['well']} ran well, {counts['no']} said no, {counts['failed']} failed."
    )


def rewrite(text, reports):
    """A Markdown page with its table and the sentence above it made anew; what people wrote stays."""
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("| plugin |"))
    last = next(index for index, line in enumerate(lines[first:], first) if not line.startswith("|"))
    counted = next((index for index in range(first) if COUNTED.match(lines[index])), None)
    if counted is not None:
        lines[counted] = summary(reports)
    return "\n".join([*lines[:first], table(reports), *lines[last:]]) + "\n"


def table(reports):
    """One row per plugin."""
    lines = [
        "| plugin | version | loads | fields | actions | ran well | said no | failed | missing or failing |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(report) for report in reports),
    ]
    return "\n".join(lines)


def details(reports):
    """Every action of every plugin with its result."""
    lines = []
    for report in reports:
        if not report["actions"]:
            continue
        lines += [
            "",
            f"### {report['folder']}",
            "",
            "| action | seconds | result | tasks enqueued |",
            "|---|---|---|---|",
        ]
        for action in report["actions"]:
            tasks = ", ".join(f"`{name}` × {action['tasks'].count(name)}" for name in sorted(set(action["tasks"])))
            tasks += "".join(f"; ran: {_cell(task['said'], 120)}" for task in action["tasks_run"])
            lines.append(f"| `{action['id']}` | {action['seconds']} | {_cell(_said(action), 200)} | {tasks} |")
    return "\n".join(lines)


def _row(report):
    listed = report.get("listed") or {}
    name = listed.get("name") or report["folder"]
    if report["error"]:
        return f"| {_cell(name)} | {listed.get('version', '')} | **no** | | | | | | {_cell(report['error'], 240)} |"
    verdicts = [_verdict(action) for action in report["actions"]]
    seen = report["described"]
    counts = [verdicts.count(kind) for kind in ("well", "no", "failed")]
    missing = _cell("; ".join(_missing(report)), 400)
    return (
        f"| {_cell(name)} | {_cell(seen.get('version') or listed.get('version', ''))} | yes | {len(seen['fields'])} "
        f"| {len(seen['actions'])} | {counts[0]} | {counts[1]} | {counts[2]} | {missing} |"
    )


def _verdict(action):
    if action["outcome"] != "result":
        return "failed"
    result = action["result"]
    refused = result.get("status") == "error" or result.get("success") is False
    return "no" if refused else "well"


def _said(action):
    if action["outcome"] != "result":
        return f"**{action['outcome']}** {action['message']}"
    result = action["result"]
    text = result.get("message") or result.get("error") or str(result)
    return f"{result.get('status', 'ok')}: {text}"


def _missing(report):
    found = dict.fromkeys(f"no `{name}`" for name in report["absent"])
    for action in report["actions"]:
        if action["outcome"] != "result":
            message = UNREACHABLE.sub(r"\1 cannot be reached (no network in the survey)", action["message"])
            found.setdefault(f"`{action['id']}`: {message}")
        texts = [*action["logged"], str(action.get("result", ""))]
        for task in action["tasks_run"]:
            texts += task["logged"]
            if task["outcome"] != "result":
                found.setdefault(f"task `{task['name']}`: {task['said']}")
        for match in (match for text in texts for match in MISSING.finditer(text)):
            found.setdefault(match.group(0)[:160])
    return found


def _cell(text, limit=80):
    text = " ".join(str(text).replace(sys.executable, "the host's Python").split()).replace("|", "\\|")
    return text if len(text) <= limit else text[: limit - 1] + "…"

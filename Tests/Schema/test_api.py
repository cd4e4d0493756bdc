"""The API's own description: valid, and true of the running server."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

from openapi_spec_validator import validate

FULL = bool(os.environ.get("SKIRRET_FULL"))
#: A pattern of paths, for a look at those alone: `^/api/plugins/`.
SLICE = os.environ.get("SKIRRET_SCHEMA_SLICE")
EXAMPLES = os.environ.get("SKIRRET_SCHEMA_EXAMPLES", "60" if FULL else "3")


def document(server):
    request = urllib.request.Request(
        server.url + "/api/schema/", headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_the_document_is_openapi_3_1(server):
    validate(document(server))


def test_every_address_refuses_who_is_nobody(server):
    """A1: without a token 401, wherever the document does not say that anybody may."""
    wrong = []
    for path, item in document(server)["paths"].items():
        for method, operation in item.items():
            if operation["security"] == []:
                continue
            address = server.url + path.replace("{id}", "1").replace("{key}", "x").replace("{name}", "x").replace("{part}", "1")
            request = urllib.request.Request(address, method=method.upper())
            try:
                status = urllib.request.urlopen(request, timeout=10).status
            except urllib.error.HTTPError as error:
                status = error.code
            if status != 401:
                wrong.append(f"{method} {path}: {status}")
    assert not wrong, wrong


def test_schemathesis_finds_nothing(server, tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(document(server)))
    # 422: each member is what the schema says, but they do not go together, which no schema can say: a rule that never
    # fires, an end before its start, a key that came with another request.
    (tmp_path / "schemathesis.toml").write_text(
        '[checks]\npositive_data_acceptance.expected-statuses = '
        '["2xx", "3xx", "401", "403", "404", "409", "422", "429", "5xx"]\n'
        # What is only for accounts of one kind, as Dispatcharr says it.
        '[[operations]]\ninclude-path-regex = "/refresh-vod/$|/refresh-account-info/"\n'
        'checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "429", "5xx"]\n')
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"),
        "--config-file", str(tmp_path / "schemathesis.toml"), "run", str(tmp_path / "schema.json"),
        "--url", server.url, "--header", f"Authorization: Bearer {server.token}",
        "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing", "--seed", "1",
        "--generation-database", "none", "--generation-allow-x00", "false", "--request-timeout", "75", "--continue-on-failure",
        # The server itself allows 50 changes a second.
        "--rate-limit", "45/s", "--no-color",
        # The short run ends by the clock, the long one by its examples.
        *([] if FULL or SLICE else ["--max-time", "120"]),
        *(["--include-path-regex", SLICE] if SLICE else []),
        # A WebSocket is not for HTTP clients; who may sign in, and what becomes of them, is tested by people with names;
        # and no schema makes a zip, or a server with plugins that could be asked.
        "--exclude-path-regex",
        "^/ws$|^/api/accounts/|^/api/auth/|plugins/import/$|^/api/plugins/repos/(?!available|settings)",
    ]
    result = subprocess.run(
        command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stdout[-12_000:]
    print(result.stdout[-1500:])

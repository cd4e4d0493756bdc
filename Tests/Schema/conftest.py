"""A server of its own: what schemathesis sends would be in everybody else's way."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = "token-of-the-schema-suite-0123456789"


class Server:
    def __init__(self, url):
        self.url = url
        self.token = TOKEN


@pytest.fixture(scope="session")
def server():
    binary = os.environ.get("SKIRRET_BINARY", str(ROOT / ".build/debug/skirret"))
    if not os.access(binary, os.X_OK):
        pytest.skip(f"there is no {binary}; build it, or name it in SKIRRET_BINARY")
    # Short: a socket's path has at most 107 bytes.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="skirret-schema-", dir="/tmp"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shutil.copytree(ROOT / "Tests/Plugins/fixtures/my_plugin", folder / "plugins/my_plugin")
    environment = {**os.environ, "SKIRRET_ADMIN_TOKEN": TOKEN}
    environment.setdefault("SKIRRET_PYTHON", str(ROOT / ".venv/bin/python"))
    environment["DISPATCHARR_PLUGINS_DIR"] = str(folder / "plugins")
    log = open(folder / "serve.log", "w")
    process = subprocess.Popen(
        [binary, "serve", "--data-dir", str(folder), "--port", str(port)],
        env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while "Skirret is ready at" not in (folder / "serve.log").read_text():
            said = (folder / "serve.log").read_text()[-2000:]
            assert process.poll() is None and time.monotonic() < deadline, f"the server did not start: {said}"
            time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}")
        assert process.poll() is None, "the server ended: " + (folder / "serve.log").read_text()[-2000:]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)

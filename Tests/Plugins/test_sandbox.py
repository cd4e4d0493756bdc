"""What a plugin in its sandbox reaches: what it needs, and nothing else. Real files, real kernel."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys

import pytest

from conftest import RUNNER, SOURCES, quickest

needs_landlock = pytest.mark.skipif(
    subprocess.run(
        [sys.executable, "-c", "from skirret_host import landlock; raise SystemExit(landlock.version() < 4)"],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    ).returncode,
    reason="this kernel has no Landlock of version 4",
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another user")


@pytest.fixture
def confined(server, make_plugin):
    """Runs code in a plugin's process inside the sandbox; `spawn` makes another with another profile."""

    def spawn(name="confined", limits=None, **profile):
        folder = make_plugin(name, RUNNER)
        plugin = server.spawn(folder, limits, sandbox=profile)

        def run(code):
            return plugin.run("go", {"code": code})["result"]

        def error(code):
            return plugin.fail("go", {"code": code})

        run.plugin, run.error, run.folder = plugin, error, folder
        return run

    run = spawn()
    run.spawn = spawn
    return run


@pytest.fixture
def data(environment):
    return pathlib.Path(environment["SKIRRET_DATA_DIR"])


def refused(confined, code):
    assert confined.error(code)["type"] == "PermissionError"


@needs_landlock
def test_secrets_of_the_machine_and_of_skirret_are_out_of_reach(confined, data, tmp_path):
    (data / "admin-token").write_text("the token")
    other = tmp_path / "other_plugin"
    other.mkdir()
    (other / "key.txt").write_text("its secret")
    (data / "plugin-data" / "other").mkdir(parents=True, exist_ok=True)
    for file in ("/etc/shadow", data / "admin-token", other / "key.txt", "/proc/1/environ"):
        refused(confined, f"open({str(file)!r}).read()")
    for folder in ("/root", "/home", data, other, data / "plugin-data", data / "plugin-data" / "other", "/etc"):
        refused(confined, f"import os; os.listdir({str(folder)!r})")


@needs_landlock
def test_no_way_round_by_links_descriptors_or_programs(confined, data):
    (data / "admin-token").write_text("the token")
    token = str(data / "admin-token")
    refused(confined, f"import os; os.symlink({token!r}, 'link'); open('link').read()")
    assert confined.error(f"import os; os.link({token!r}, 'hard')")["type"] in ("PermissionError", "OSError")
    assert confined.error(f"import os; os.rename({token!r}, 'moved')")["type"] in ("PermissionError", "OSError")
    refused(confined, f"import os; os.truncate({token!r}, 0)")
    refused(confined, f"import os; os.remove({token!r})")
    shell = confined(
        f"import subprocess; result = subprocess.run(['cat', {token!r}], capture_output=True, text=True).stderr"
    )
    assert "Permission denied" in shell
    assert (data / "admin-token").read_text() == "the token"


@needs_landlock
def test_writing_elsewhere_is_refused(confined):
    for path in ("/usr/evil", "/etc/evil", "/var/tmp/evil", sys.prefix + "/evil", str(SOURCES / "evil.py")):
        assert confined.error(f"open({path!r}, 'w')")["type"] in ("PermissionError", "OSError"), path


def test_a_plugin_reads_and_writes_what_is_its_own(confined, data):
    assert confined("import os; result = [os.getcwd(), os.path.expanduser('~')]") == [
        str(data / "plugin-data" / "confined")
    ] * 2
    for place in (str(confined.folder), str(data / "plugin-data" / "confined"), str(data / "exports")):
        assert confined(f"open({place!r} + '/mine', 'w').write('x'); result = open({place!r} + '/mine').read()") == "x"
    assert confined("import tempfile; result = tempfile.NamedTemporaryFile().name").startswith(str(data))
    assert confined("open('mine.sh', 'w').write('#!/bin/sh'); import os; os.chmod('mine.sh', 0o755)") is None


def test_files_that_dispatcharrs_plugins_keep_in_data_are_the_plugins_own(confined, data):
    (data / "older.json").write_text('{"from": "Dispatcharr"}')
    try:
        run = confined.spawn("keeper")
        own = data / "plugin-data" / "keeper"
        for root in {str(data), "/data"} if not os.path.isdir("/data") else {str(data)}:
            saved = run(
                f'''
import json, os, pathlib, sqlite3, tempfile
path = pathlib.Path("{root}/keeper_state.json")
was = path.exists()
with tempfile.NamedTemporaryFile("w", dir="{root}", delete=False) as file:
    json.dump({{"n": 1}}, file)
os.replace(file.name, path)
with open("{root}/keeper.lock", "w"):
    pass
os.makedirs("{root}/keeper_cache/below", exist_ok=True)
(pathlib.Path("{root}") / "keeper_cache/below/x.txt").write_text("x")
with sqlite3.connect("{root}/keeper.db") as database:
    database.execute("create table if not exists t (x)")
result = [was, json.loads(path.read_text()), os.path.isfile("{root}/keeper.lock"), os.listdir("{root}/keeper_cache")]
path.unlink()
'''
            )
            assert saved == [False, {"n": 1}, True, ["below"]]
            assert run(f"import json; result = json.load(open('{root}/older.json'))") == {"from": "Dispatcharr"}
        assert (own / "keeper.lock").is_file() and (own / "keeper.db").is_file()
        # It goes on with a copy: the original, and everybody else's, stay as they are.
        run(f"open({str(data / 'older.json')!r}, 'w').write('mine')")
        assert (own / "older.json").read_text() == "mine"
        assert json.loads((data / "older.json").read_text()) == {"from": "Dispatcharr"}
    finally:
        (data / "older.json").unlink()


@needs_landlock
def test_names_of_the_server_in_data_lead_nowhere_else(confined, data):
    for name in ("admin-token", "signing-key", "skirret.db-old"):
        (data / name).write_text("the server's")
    run = confined.spawn("prying")
    for path in ("admin-token", "uploads/../admin-token", "./admin-token", "signing-key", "skirret.db-old"):
        assert run.error(f"open({str(data)!r} + '/{path}', 'r+').read()")["type"] in ("PermissionError", "OSError"), path
    assert not (data / "plugin-data/prying/admin-token").exists()


def test_a_file_for_a_setting_can_be_read_and_not_changed(confined, data):
    place = data / "plugin-files/confined/upload"
    place.mkdir(parents=True, exist_ok=True)
    (place / "list.csv").write_text("a,b")
    assert confined(f"result = open({str(place / 'list.csv')!r}).read()") == "a,b"
    refused(confined, f"open({str(place / 'list.csv')!r}, 'w')")


def test_the_database_redis_threads_and_programs_work(confined, redis):
    assert confined(
        "from apps.channels.models import Channel; Channel.objects.create(name='A', channel_number=9001)\n"
        "result = Channel.objects.filter(channel_number=9001).delete()[0] > 0"
    )
    assert confined("from core.utils import RedisClient; RedisClient.get_client().set('k', 'v'); result = 1") == 1
    assert redis.get("k") == b"v"
    assert confined("import subprocess; result = subprocess.check_output(['echo', 'hi'], text=True)") == "hi\n"
    assert confined("import sys, subprocess; result = subprocess.check_output([sys.executable, '-c', 'import django, ssl; print(1)'], text=True)") == "1\n"  # fmt: skip
    assert confined(
        "import multiprocessing\n"
        "lock = multiprocessing.Lock(); process = multiprocessing.Process(target=lock.acquire)\n"
        "process.start(); process.join(); result = process.exitcode"
    ) == 0  # fmt: skip
    assert confined("import ssl; result = len(ssl.create_default_context().get_ca_certs()) >= 0")
    assert confined("import threading; t = threading.Thread(target=print); t.start(); t.join(); result = True")
    assert confined("import socket; socket.getaddrinfo('localhost', 80); result = True")


@needs_landlock
def test_the_switch_lets_a_plugin_reach_more(confined, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "film.txt").write_text("a film")
    wider = confined.spawn("wider", paths=[str(tmp_path / "media")])
    assert wider(f"result = open({str(tmp_path / 'media' / 'film.txt')!r}).read()") == "a film"
    refused(confined, f"open({str(tmp_path / 'media' / 'film.txt')!r})")


@needs_landlock
def test_an_offline_plugin_reaches_the_broker_and_nobody_else(confined, redis):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        connect = f"import socket; socket.create_connection({listener.getsockname()!r}, 5); result = True"
        assert confined(connect)
        offline = confined.spawn("offline", offline=True)
        refused(offline, connect)
    refused(offline, "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)")
    refused(offline, "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)")
    refused(offline, "import socket; socket.create_server(('127.0.0.1', 0))")
    assert offline("from core.utils import RedisClient; RedisClient.get_client().set('k', 'v'); result = 1") == 1


CALLS = """
import ctypes, errno, platform
libc = ctypes.CDLL(None, use_errno=True)
from skirret_host import seccomp
column = list(seccomp.AUDIT_ARCH).index(platform.machine())
result = {}
for name, numbers in {**seccomp.REFUSED, **seccomp.ABSENT}.items():
    if numbers[column] is not None:
        answer = libc.syscall(numbers[column], *[ctypes.c_long(0)] * 6)
        result[name] = errno.errorcode[ctypes.get_errno()] if answer < 0 else answer
for name, flags in (("user namespace", 0x10000000), ("mount namespace", 0x20000)):
    answer = libc.syscall(seccomp.CLONE[column], ctypes.c_long(flags | 17), *[ctypes.c_long(0)] * 4)
    result[name] = errno.errorcode[ctypes.get_errno()] if answer < 0 else answer
"""


def test_calls_that_no_plugin_needs_are_refused(confined):
    answers = confined(CALLS)
    absent = {"io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"}
    assert {name: answer for name, answer in answers.items() if answer != "EPERM"} == dict.fromkeys(absent, "ENOSYS")
    assert len(answers) > 45
    family = confined.error("import socket; socket.socket(38, socket.SOCK_SEQPACKET)")
    assert family["type"] == "OSError" and family["args"][0] == 97  # EAFNOSUPPORT: the kernel's own crypto


@needs_landlock
def test_other_processes_are_out_of_reach(confined, server):
    other = confined.spawn("other").plugin.pid
    parent = server.process.pid
    for pid in (other, parent, os.getpid()):
        assert confined.error(f"import os; os.kill({pid}, 0)")["type"] == "PermissionError"
    for file in (f"/proc/{other}/environ", f"/proc/{other}/mem", f"/proc/{other}/maps"):
        refused(confined, f"open({file!r}, 'rb').read(1)")


@needs_root
def test_a_plugin_of_roots_server_is_not_root(confined):
    own = confined("import os; result = [os.getuid(), os.getgid(), os.getgroups()]")
    other = confined.spawn("other")("import os; result = [os.getuid(), os.getgid(), os.getgroups()]")
    assert own[0] == own[1] >= 61184 and own[2] == [] and own != other
    status = "[line for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapPrm', 'NoNewPrivs'))]"
    assert [int(line.split()[1], 16) for line in confined(f"result = {status}")] == [2, 2, 1]
    child = confined("import subprocess; result = subprocess.check_output(['cat', '/proc/self/status'], text=True)")
    assert "CapEff:\t0000000000000002" in child
    for code in ("os.chmod('/etc/hostname', 0o777)", "os.chown('/etc/hostname', 0, 0)", "os.setuid(0)"):
        refused(confined, f"import os; {code}")


@needs_root
def test_root_without_the_right_to_read_others_files_stays_root(environment):
    """Under `--cap-drop ALL` a user of its own could not even open the database."""
    code = (
        "import os; from skirret_host import privileges\n"
        "try: privileges.leave_root('key')\n"
        "except OSError as error: print(os.getuid(), os.getresuid(), error.strerror)"
    )
    command = ["setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-all", sys.executable, "-c", code]
    made = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert made.stdout == "0 (0, 0, 0) this container has dropped the capability DAC_OVERRIDE\n", made.stderr


def test_without_a_profile_nothing_is_confined(inside):
    assert inside("import os; result = os.path.isdir('/root') and open('/proc/self/status').read()")
    assert "Seccomp:\t0" in inside("result = open('/proc/self/status').read()")


def test_without_landlock_the_rest_holds(environment, make_plugin, data):
    """An older kernel: the server is told that there is none."""
    from skirret_plugin.driver import HostServer

    make_plugin("hook", "", sitecustomize__py="import skirret_host.landlock as l; l.version = lambda: 0\n")
    folder = make_plugin("unlocked", RUNNER)
    hook = str(folder.parent / "hook")
    server = HostServer({**environment, "PYTHONPATH": f"{environment['PYTHONPATH']}{os.pathsep}{hook}"})
    with contextlib.closing(server):
        plugin = server.spawn(folder, sandbox={})
        status = plugin.run("go", {"code": "result = open('/proc/self/status').read()"})["result"]
        assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status
        assert plugin.run("go", {"code": "import os; result = os.listdir('/etc') != []"})["result"]
        plugin.end()


def test_the_report_says_what_is_in_force(environment):
    made = subprocess.check_output([sys.executable, "-m", "skirret_host.sandbox"], env=environment, text=True)
    report = json.loads(made)["sandbox"]
    assert [set(line) for line in report] == [{"name", "in_force", "text"}] * len(report)
    assert {"files (Landlock)", "system calls (seccomp)", "own user"} <= {line["name"] for line in report}


def test_a_confined_start_is_fast(server, make_plugin):
    folder = make_plugin("quick", RUNNER)
    seconds = quickest(lambda: server.spawn(folder, sandbox={}).run("go", {"code": "result = 1"}))
    print(f"confined spawn to first result: {seconds * 1000:.1f} ms", file=sys.stderr)
    assert seconds < 1




@needs_landlock
def test_a_plugin_reads_its_own_packages_and_no_others(confined, data):
    for key in ("packed", "other"):
        (data / "plugin-packages" / key).mkdir(parents=True, exist_ok=True)
        (data / "plugin-packages" / key / "module.py").write_text("x = 1")
    packed = confined.spawn("packed")
    assert packed(f"result = open({str(data / 'plugin-packages/packed/module.py')!r}).read()") == "x = 1"
    refused(packed, f"open({str(data / 'plugin-packages/other/module.py')!r})")

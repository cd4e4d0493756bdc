"""Of all processes of a plugin one leads: taken, kept, lost in time, and handed over."""

import queue
import threading

import pytest
from dispatcharr.persistent_lock import PersistentLock
from skirret_host.leader import ACQUIRED, LOST, Leadership

LEASE, RENEWAL = 1.2, 0.1
LEADER = """
    import threading

    class Plugin:
        actions = [{"id": "heard"}]
        def __init__(self):
            self.heard, self.acquired = [], threading.Event()
        def on_leader_acquired(self, context):
            self.heard.append(["acquired", context["settings"], context["plugin"]["key"]])
            context["emit_event"]("leading", {"since": "now"})
            self.acquired.set()
        def on_leader_lost(self, context):
            self.heard.append(["lost"])
            raise RuntimeError("a hook may fail")
        def run(self, action, params, context):
            self.acquired.wait(params.get("seconds", 10))
            return {"heard": self.heard}
        def stop(self, context):
            return {"heard": self.heard}
"""


@pytest.fixture
def candidates(redis):
    """Makes candidates for one lease; each has a queue of the hooks it was called with."""
    made = []

    def make(client=redis):
        heard = queue.Queue()
        lock = PersistentLock(client, "lease", LEASE)
        candidate = Leadership(lock, heard.put, wanted.is_set, lease=LEASE, renewal=RENEWAL)
        candidate.start()
        made.append(candidate)
        return candidate, heard

    make.wanted = wanted = threading.Event()
    wanted.set()
    yield make
    for candidate in made:
        candidate.resign()


def test_one_leads_and_the_next_one_follows_when_it_resigns(candidates, redis):
    first, of_first = candidates()
    assert of_first.get(timeout=5) == ACQUIRED
    second, of_second = candidates()
    with pytest.raises(queue.Empty):
        of_second.get(timeout=LEASE + 5 * RENEWAL)  # longer than the lease: it is renewed
    assert first.leads and not second.leads
    assert first.resign() == LOST and first.resign() is None
    assert of_second.get(timeout=5) == ACQUIRED and second.leads
    assert of_first.empty(), "who resigns calls its hook itself, and is called no more"


def test_who_was_robbed_of_the_lease_stops_at_once_and_tries_again(candidates, redis):
    _, heard = candidates()
    assert heard.get(timeout=5) == ACQUIRED
    redis.set("lease", "somebody else")
    assert heard.get(timeout=5) == LOST
    redis.delete("lease")
    assert heard.get(timeout=5) == ACQUIRED


def test_a_plugin_that_is_switched_off_leads_nowhere(candidates, redis):
    first, heard = candidates()
    assert heard.get(timeout=5) == ACQUIRED
    candidates.wanted.clear()
    assert heard.get(timeout=5) == LOST
    assert redis.exists("lease") == 0 and not first.leads
    candidates.wanted.set()
    assert heard.get(timeout=5) == ACQUIRED


class Unreachable:
    """A lock whose Redis goes away after it was taken."""

    def __init__(self, lock):
        self.lock, self.is_away = lock, False

    def acquire(self):
        return self._reach().acquire()

    def refresh(self):
        return self._reach().refresh()

    def release(self):
        return self._reach().release()

    def _reach(self):
        if self.is_away:
            raise ConnectionError("away")
        return self.lock


def test_a_leader_that_cannot_renew_stops_before_the_lease_ends(redis):
    heard, lock = queue.Queue(), Unreachable(PersistentLock(redis, "lease", LEASE))
    candidate = Leadership(lock, heard.put, lease=LEASE, renewal=RENEWAL)
    candidate.start()
    assert heard.get(timeout=5) == ACQUIRED
    lock.is_away = True
    assert heard.get(timeout=5) == LOST
    assert redis.pttl("lease") > 0, "somebody else could have taken it while we still led"
    lock.is_away = False
    assert heard.get(timeout=5) == ACQUIRED
    candidate.resign()


@pytest.fixture
def enabled(inside):
    """The row of an enabled plugin."""
    inside("from apps.plugins.models import PluginConfig as P; P.objects.create(key='leader', name='L', enabled=True)")
    yield
    inside("from apps.plugins.models import PluginConfig as P; P.objects.filter(key='leader').delete()")


def test_a_plugins_hooks_are_called_with_a_context_in_one_of_its_processes(server, make_plugin, redis, enabled):
    folder = make_plugin("leader", LEADER)
    first, second = server.spawn(folder), server.spawn(folder)
    assert first.run("heard") == {"heard": [["acquired", {}, "leader"]]}
    assert second.run("heard", {"seconds": 0}) == {"heard": []}
    (event,) = first.frames.take_all("event")
    assert (event["id"], event["event"]) == (None, "leading")
    token = redis.get("skirret:plugins:leader:leader")
    assert token and 0 < redis.ttl("skirret:plugins:leader:leader") <= 30
    stopped = first.answer(first.call("stop", reason="reload"))["result"]
    assert [one[0] for one in stopped["heard"]] == ["acquired", "lost"], "lost comes before stop"
    assert redis.get("skirret:plugins:leader:leader") != token, "the other may lead at once"
    assert any("a hook may fail" in frame["message"] for frame in first.frames.take_all("log"))


def test_the_hooks_are_listed_with_the_plugin_before_and_after_it_is_loaded(server, make_plugin, tmp_path):
    from test_describe import describe

    folder = make_plugin("leader", LEADER)
    plain = make_plugin("plain", "class Plugin:\n    def run(self, *_): pass\n")
    assert [plugin["hooks"] for plugin in describe(tmp_path)] == [[ACQUIRED, LOST], []]
    for path, hooks in ((folder, [ACQUIRED, LOST]), (plain, [])):
        plugin = server.spawn(path)
        assert plugin.answer(plugin.call("describe"))["result"]["hooks"] == hooks

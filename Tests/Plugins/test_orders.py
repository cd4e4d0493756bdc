"""What a plugin sends goes through who runs it, where that one takes it."""

import base64
import json

import pytest

from conftest import RUNNER

M3U, ALL = "apps.m3u.tasks.refresh_single_m3u_account", "apps.m3u.tasks.refresh_m3u_accounts"
IMPORTS = """
from apps.m3u.tasks import refresh_single_m3u_account as m3u, refresh_m3u_accounts as every
from django.db import transaction
"""


class Sender:
    """A plugin whose orders this test answers."""

    def __init__(self, plugin):
        self.plugin = plugin

    def order(self):
        return self.plugin.frames.take(lambda frame: frame["type"] == "order", "an order")

    def start(self, code):
        return self.plugin.call("run", action="go", params={"code": IMPORTS + code})

    def run(self, code, *refusals):
        """Runs code that sends as many tasks as there are answers; gives the orders and the call's answer."""
        number = self.start(code)
        orders = []
        for refusal in refusals:
            orders.append(self.order())
            said = {} if refusal is None else {"error": refusal}
            self.plugin.frames.send(type="ordered", order=orders[-1]["order"], **said)
        return orders, self.plugin.answer(number)


@pytest.fixture
def folder(make_plugin):
    return make_plugin("runner", RUNNER)


@pytest.fixture
def sender(server, folder, redis):
    return Sender(server.spawn(folder, takes_orders=True))


def opened(order):
    """Task, arguments, and what follows, of an order."""
    message = json.loads(order["message"])
    args, kwargs, embed = json.loads(base64.b64decode(message["body"]))
    return message["headers"]["task"], args, embed["chain"]


def test_an_order_carries_the_bytes_that_celery_would_have_sent(sender, server, folder, redis):
    code = "result = m3u.apply_async([7], priority=3, countdown=60).id"
    [order], answer = sender.run(code, None)
    assert redis.keys() == []
    assert (order["queue"], order["step"], opened(order)) == ("celery", "accept", (M3U, [7], None))
    ordered = json.loads(order["message"])
    assert answer["result"]["result"] == ordered["headers"]["id"]
    # The same call where nobody takes orders.
    server.spawn(folder).run("go", {"code": IMPORTS + code})
    [direct] = [json.loads(redis.rpop(key)) for key in redis.keys() if redis.type(key) == b"list"]
    for message in (ordered, direct):
        for name in ("id", "root_id", "eta", "origin"):
            del message["headers"][name]
        for name in ("delivery_tag", "correlation_id", "reply_to"):
            del message["properties"][name]
    assert ordered == direct


def test_chains_groups_and_tasks_by_name_are_orders_too(sender, redis):
    [first], _ = sender.run("from celery import chain\nchain(m3u.si(1), m3u.si(2)).delay()", None)
    name, args, rest = opened(first)
    assert (name, args, [step["args"] for step in rest]) == (M3U, [1], [[2]])
    both, _ = sender.run("from celery import group\ngroup(m3u.s(1), m3u.s(2)).delay()", None, None)
    assert [opened(one)[1] for one in both] == [[1], [2]]
    [named], _ = sender.run(
        "from dispatcharr.celery import app\napp.send_task('apps.channels.tasks.run_recording', [1])", None
    )
    assert named["queue"] == "dvr"
    [dispatched], _ = sender.run("context['dispatch_task']('x')", None)
    assert opened(dispatched)[:2] == ("skirret.plugins.run_action", ["runner", "x", {}, {}])
    assert redis.keys() == []


def test_a_thread_of_the_plugins_own_sends_too(sender):
    code = "import threading\nt = threading.Thread(target=every.delay)\nt.start()\nt.join()\nresult = 'sent'"
    [order], answer = sender.run(code, None)
    assert opened(order)[0] == ALL and answer["result"]["result"] == "sent"


def test_a_refusal_is_celerys_error_and_says_why(sender, redis):
    code = "from kombu.exceptions import OperationalError\ntry:\n    every.delay()\nexcept OperationalError as e: result = str(e)"
    _, answer = sender.run(code, "ledger: 5 tasks wait in it already. Start workers.")
    assert answer["result"]["result"] == (
        "the task was not accepted: ledger: 5 tasks wait in it already. Start workers."
    )
    _, answer = sender.run("every.delay()", "no")
    assert answer["error"]["type"] == "NotAccepted" and redis.keys() == []


def test_a_delay_returns_only_when_it_is_answered_and_a_cancel_ends_the_wait(sender):
    number = sender.start("every.delay()")
    order = sender.order()
    assert sender.plugin.frames.take_those(lambda frame: frame.get("id") == number) == []
    sender.plugin.cancel(number)
    assert sender.plugin.answer(number)["error"]["type"] == "SoftTimeLimitExceeded"
    # A late answer disturbs nobody.
    sender.plugin.frames.send(type="ordered", order=order["order"])
    assert sender.run("result = bool(every.delay().id)", None)[1]["result"]["result"] is True


def test_inside_a_transaction_a_task_is_sent_at_once_and_recorded_with_the_commit(sender):
    code = "with transaction.atomic():\n    sent = every.delay().id\n    context['emit_event']('inside')\nresult = sent"
    number = sender.start(code)
    sent = sender.order()
    assert sent["step"] == "send"
    assert sender.plugin.frames.take_all("event") == []
    sender.plugin.frames.send(type="ordered", order=sent["order"])
    recorded = sender.order()
    assert len(sender.plugin.frames.take_all("event")) == 1
    assert (recorded["step"], recorded["message"]) == ("record", sent["message"])
    # It runs already: that it cannot be written down is logged, and fails nobody.
    sender.plugin.frames.send(type="ordered", order=recorded["order"], error="the disk is full")
    assert sender.plugin.answer(number)["result"]["result"] == json.loads(sent["message"])["headers"]["id"]


def test_what_is_rolled_back_stays_sent_as_with_celery(sender):
    code = (
        "try:\n    with transaction.atomic():\n        every.delay()\n        raise KeyError\n"
        "except KeyError:\n    result = 'rolled back'"
    )
    [order], answer = sender.run(code, None)
    assert order["step"] == "send" and answer["result"]["result"] == "rolled back"
    assert sender.plugin.frames.take_all("order") == []


def test_a_process_that_the_plugin_forks_sends_to_redis_itself(sender, redis):
    code = "import os\nif os.fork() == 0:\n    every.delay()\n    os._exit(0)\nos.wait()"
    orders, _ = sender.run(code)
    assert orders == [] and redis.llen("celery") == 1

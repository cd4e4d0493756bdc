"""How a plugin's code is imported, asked and called."""

import json

import pytest

from conftest import FIXTURES


def described(plugin):
    return plugin.answer(plugin.call("describe"))["result"]


def test_the_documents_plugins_describe_themselves_as_they_are_listed(server):
    from test_describe import describe

    for listed in describe(FIXTURES):
        if listed["key"] == "gallery":
            continue  # what it computes is known only once it runs
        seen = described(server.spawn(listed["path"]))
        for name in ("name", "version", "description", "fields", "actions", "ui_schema"):
            assert seen[name] == listed[name], name


def test_fields_may_be_an_attribute_a_property_or_a_method(server, make_plugin):
    plugin = server.spawn(
        make_plugin(
            "kinds",
            """
            class Plugin:
                name = "Kinds"
                count = 0
                @property
                def fields(self):
                    self.count += 1
                    return [{"id": "n", "type": "number", "default": self.count}]
                def actions(self):
                    return [{"id": "go"}, {"label": "no id"}]
                def ui_schema(self):
                    return {"version": 1, "pages": [{"id": "p", "placement": "sidebar"}]}
                def run(self, action, params, context):
                    return {"n": context["settings"]["n"], "actions": list(context["actions"])}
            """,
        )
    )
    seen = described(plugin)
    assert [field["id"] for field in seen["fields"]] == ["n", "show_sidebar"]
    assert seen["actions"] == [{"id": "go", "label": "go"}]
    assert seen["ui_schema"]["version"] == 1
    assert seen["warnings"] == ["actions[1]: has no id; dropped"]
    assert plugin.run("go") == {"n": 2, "actions": ["go"]}


def test_defaults_are_settings_but_for_what_has_no_value(server, make_plugin):
    plugin = server.spawn(
        make_plugin(
            "typed",
            """
            class Plugin:
                fields = [
                    {"id": "head", "type": "section", "default": "x"}, {"id": "about", "type": "info", "default": "x"},
                    {"id": "many", "type": "multiselect", "options": ["a"]}, {"id": "file", "type": "file"},
                    {"id": "rows", "type": "table", "columns": [{"id": "a"}], "default": [{"a": 1}]},
                ]
                def run(self, action, params, context):
                    seen = dict(context["settings"], many=list(context["settings"]["many"]))
                    context["settings"]["many"].append("mine")
                    return seen
            """,
        )
    )
    assert plugin.run("go") == plugin.run("go") == {"many": [], "rows": [{"a": 1}]}
    assert plugin.run("go", settings={"many": ["a"]}) == {"many": ["a"], "rows": [{"a": 1}]}


def test_what_the_class_leaves_out_is_taken_from_the_manifest(server, make_plugin):
    manifest = {
        "name": "From the file", "version": "3", "author": "Ann", "actions": [{"id": "go", "label": "Go"}],
        "fields": [{"id": "limit", "type": "number", "default": 7}, {"id": "own", "type": "string"}],
    }  # fmt: skip
    plugin = server.spawn(
        make_plugin(
            "modern",
            """
            class Plugin:
                name = "From the class"
                version = ""
                fields = []
                def run(self, action, params, context):
                    return {"limit": context["settings"]["limit"], "actions": sorted(context["actions"])}
            """,
            plugin__json=json.dumps(manifest),
        )
    )
    seen = described(plugin)
    assert (seen["name"], seen["version"], seen["author"]) == ("From the class", "3", "Ann")
    assert [field["id"] for field in seen["fields"]] == ["limit", "own"]
    assert plugin.run("go") == {"limit": 7, "actions": ["go"]}


def test_relative_imports_the_alias_and_data_files_work(server, make_plugin):
    plugin = server.spawn(
        make_plugin(
            "Tidy_Up",
            """
            import os
            from . import helper
            from .helper import value
            from Tidy_Up.helper import value as by_alias
            import Tidy_Up.plugin as myself

            class Plugin:
                def run(self, action, params, context):
                    with open(os.path.join(os.path.dirname(__file__), "data.txt")) as file:
                        data = file.read()
                    return [__name__, helper.__name__, value, by_alias, myself.Plugin is Plugin, data]
            """,
            helper__py="value = 3\n",
            data__txt="here",
        ),
        key="tidy-up",
    )  # fmt: skip
    package = "_dispatcharr_plugin_tidy_up"
    assert plugin.run("go")["result"] == [f"{package}.plugin", f"{package}.helper", 3, 3, True, "here"]


def test_a_package_without_plugin_py_is_imported_by_its_init(server, tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "helper.py").write_text("value = 4\n")
    (folder / "__init__.py").write_text(
        "from .helper import value\nclass Plugin:\n    def run(self, *_):\n        return [__name__, value]\n"
    )
    assert server.spawn(folder).run("go")["result"] == ["_dispatcharr_plugin_pack", 4]


def test_the_first_of_plugin_py_and_the_package_that_has_a_plugin_wins(server, make_plugin):
    second = make_plugin("second", "VALUE = 5\n")
    (second / "__init__.py").write_text(
        "from .plugin import VALUE\nclass Plugin:\n    def run(self, *_):\n        return [__name__, VALUE]\n"
    )
    assert server.spawn(second).run("go")["result"] == ["_dispatcharr_plugin_second", 5]
    first = make_plugin("first", "class Plugin:\n    def run(self, *_):\n        return __name__\n")
    (first / "__init__.py").write_text("raise RuntimeError('not needed')\n")
    assert server.spawn(first).run("go")["result"] == "_dispatcharr_plugin_first.plugin"


def test_a_new_process_has_the_new_code_and_the_old_one_keeps_its_own(server, make_plugin):
    folder = make_plugin(
        "aging",
        """
        from . import part
        class Plugin:
            version = part.VERSION
            def run(self, action, params, context):
                from . import late
                return [part.VERSION, late.VERSION]
        """,
        part__py="VERSION = '1'\n",
        late__py="VERSION = '1'\n",
    )
    old = server.spawn(folder)
    assert old.run("go")["result"] == ["1", "1"]
    for name in ("part.py", "late.py"):
        (folder / name).write_text("VERSION = '2'\n")
    new = server.spawn(folder)
    assert (described(new)["version"], new.run("go")["result"]) == ("2", ["2", "2"])
    assert (described(old)["version"], old.run("go")["result"]) == ("1", ["1", "1"])


def test_a_plugin_named_like_a_module_of_python_does_not_replace_it(server, make_plugin):
    plugin = server.spawn(
        make_plugin(
            "json",
            """
            import json
            class Plugin:
                def run(self, action, params, context):
                    return [json.dumps(params), __name__]
            """,
        )
    )
    assert plugin.run("go", {"a": 1})["result"] == ['{"a": 1}', "_dispatcharr_plugin_json.plugin"]


def test_a_module_without_a_plugin_class_is_a_clear_error(server, make_plugin):
    error = server.spawn(make_plugin("empty", "x = 1\n")).fail("go")
    assert (error["type"], error["message"]) == ("PluginLoadError", "plugin.py has no class Plugin")


@pytest.mark.parametrize(("sent", "received"), [
    ({"a": 1}, {"a": 1}),
    (None, {}),
    ('{"a": 1}', {"a": 1}),
    ("plain", {"value": "plain"}),
    ("7", {"value": 7}),
    ([["a", 1], ["b", 2]], {"a": 1, "b": 2}),
    ([1, 2], {"value": [1, 2]}),
    (True, {"value": True}),
])  # fmt: skip
def test_params_arrive_as_a_dict(server, make_plugin, sent, received):
    source = "class Plugin:\n    def run(self, action, params, context): return {'p': params}\n"
    plugin = server.spawn(make_plugin("one", source))
    assert plugin.answer(plugin.call("run", action="go", params=sent))["result"] == {"p": received}


RESOURCES = """
    class Plugin:
        def run(self, action, params, context):
            return [action, params]
"""


def test_a_resource_without_a_resolver_falls_back_to_run(server, make_plugin):
    plugin = server.spawn(make_plugin("one", RESOURCES))
    assert plugin.answer(plugin.call("resource", resource="rows", params={"a": 1}))["result"] == ["rows", {"a": 1}]
    off = {"key": "one", "enabled": False}
    refused = plugin.answer(plugin.call("resource", resource="rows", plugin=off, allow_disabled=True))["error"]
    assert refused["message"] == "Plugin 'one' is disabled and cannot resolve resource 'rows'"


STOPS = {
    "with_context": ("def stop(self, context): return {'reason': context['reason']}", {"reason": "reload"}),
    "without_context": ("def stop(self): return 'bye'", {"status": "ok", "result": "bye"}),
    "as_action": (
        "actions = [{'id': 'stop'}]\n    def run(self, action, *_): return action",
        {"status": "ok", "result": "stop"},
    ),
    "not_at_all": ("pass", {"status": "ok"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", STOPS)
def test_every_way_to_say_goodbye(server, make_plugin, kind):
    body, answer = STOPS[kind]
    plugin = server.spawn(make_plugin(kind, f"class Plugin:\n    {body}\n"))
    assert plugin.answer(plugin.call("stop", reason="reload"))["result"] == answer


@pytest.mark.parametrize("reason", ["disable", "delete", "reload"])
def test_a_farewell_has_the_reason_and_the_settings(server, make_plugin, reason):
    body = "def stop(self, context): return [context['reason'], context['settings'], sorted(context)]"
    fields = "fields = [{'id': 'a', 'default': 1}]"
    plugin = server.spawn(make_plugin("leaving", f"class Plugin:\n    {fields}\n    {body}\n"))
    said, settings, keys = plugin.answer(plugin.call("stop", reason=reason, settings={"b": 2}))["result"]["result"]
    assert (said, settings) == (reason, {"a": 1, "b": 2}) and {"logger", "emit_event", "plugin"} < set(keys)


def test_a_stop_that_raises_is_an_error_and_one_that_raises_a_type_error_is_asked_without_context(server, make_plugin):
    source = "class Plugin:\n    def stop(self, context): raise ValueError('busy')\n"
    plugin = server.spawn(make_plugin("busy", source))
    assert plugin.answer(plugin.call("stop", reason="disable"))["error"]["message"] == "busy"
    source = """
        class Plugin:
            asked = 0
            def stop(self, context=None):
                self.asked += 1
                if context is not None:
                    raise TypeError("inside")
                return {"asked": self.asked}
    """
    plugin = server.spawn(make_plugin("twice", source))
    assert plugin.answer(plugin.call("stop", reason="disable"))["result"] == {"asked": 2}


def test_an_unknown_method_is_refused(server):
    plugin = server.spawn(FIXTURES / "my_plugin")
    assert "unknown method" in plugin.answer(plugin.call("dance"))["error"]["message"]


@pytest.mark.parametrize(
    "module, reason",
    [
        ("apps.output.views", "no view"),
        ("dispatcharr.gevent_patch", "not offered to plugins here"),
        ("channels.layers", "send_websocket_update"),
    ],
)
def test_a_part_of_dispatcharr_that_is_not_there_says_why(server, make_plugin, module, reason):
    plugin = server.spawn(make_plugin("patcher", f"import {module}\n"))
    error = plugin.fail("go")
    assert error["type"] == "ModuleNotFoundError" and reason in error["message"]


def test_routes_cannot_be_added_silently(server, make_plugin):
    source = """
        class Plugin:
            def run(self, action, params, context):
                from dispatcharr.urls import urlpatterns
                from django.urls import path
                urlpatterns.append(path("mine/", print))
    """
    error = server.spawn(make_plugin("router", source)).fail("go")
    assert error["type"] == "NotImplementedError" and "Declare an action" in error["message"]

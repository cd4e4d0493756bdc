"""The fork server and a plugin's process, over their real sockets."""

from conftest import FIXTURES


def test_my_plugin_works_with_its_defaults_and_with_saved_settings(server):
    plugin = server.spawn(FIXTURES / "my_plugin")
    assert plugin.run("do_work") == {"status": "ok", "processed": 5, "mode": "safe"}
    saved = {"limit": 9, "mode": "fast"}
    assert plugin.run("do_work", settings=saved) == {"status": "ok", "processed": 9, "mode": "fast"}
    (line,) = [frame for frame in plugin.frames.take_all("log") if frame["id"] == 1]
    assert line["message"] == "My Plugin running with limit=5, mode=safe"
    assert (line["level"], line["logger"]) == ("info", "plugins.my_plugin")

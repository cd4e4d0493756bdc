"""Settings that are checked before anything starts."""


def test_plugins_may_have_a_user_of_their_own_on_the_workers_broker_only(house, monkeypatch):
    monkeypatch.setenv("SKIRRET_PLUGIN_REDIS_URL", "redis://plugin:hidden@127.0.0.1:1/0")
    elsewhere = house.worker()
    assert elsewhere.exit(10)[0] != 0
    assert "plugin-redis-url: expected the broker's own address with another user" in elsewhere.said()
    assert "hidden" not in elsewhere.said()
    monkeypatch.setenv("SKIRRET_PLUGIN_REDIS_URL", house.url.replace("redis://", "redis://plugin:hidden@"))
    house.worker().wait_until_ready()

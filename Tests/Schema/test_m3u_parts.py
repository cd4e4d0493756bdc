"""Filters, profiles, groups and server groups of a playlist, as Dispatcharr's clients ask for them."""

import json
import time
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def ask(server):
    def ask(method, path, body=None, token=None):
        headers = {"Authorization": f"Bearer {token or server.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(server.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    return ask


@pytest.fixture
def account(ask):
    """The address of a playlist of this test's own."""
    body = {"name": "parts", "account_type": "XC", "is_active": False}
    status, made = ask("POST", "/api/m3u/accounts/", body)
    assert status == 201, made
    yield f"/api/m3u/accounts/{made['id']}/"
    ask("DELETE", f"/api/m3u/accounts/{made['id']}/")


def test_filters(ask, account):
    path = account + "filters/"
    status, first = ask("POST", path, {"filter_type": "name", "regex_pattern": "^A", "exclude": False, "order": 4})
    assert status == 201 and set(first) == {
        "id", "filter_type", "regex_pattern", "exclude", "order", "custom_properties"}  # fmt: skip
    assert ask("POST", path, {"regex_pattern": "b"})[1]["order"] == 5
    assert [one["regex_pattern"] for one in ask("GET", path)[1]] == ["^A", "b"]
    one = f"{path}{first['id']}/"
    status, changed = ask("PATCH", one, {"custom_properties": {"case_sensitive": False}})
    assert (status, changed["regex_pattern"], changed["custom_properties"]) == (200, "^A", {"case_sensitive": False})
    assert ask("GET", one) == (200, changed) and ask("GET", account)[1]["filters"][0] == changed
    for wrong in ({"regex_pattern": "("}, {"regex_pattern": ""}, {"filter_type": "colour"}, {"order": -1}):
        status, answer = ask("PATCH", one, wrong)
        assert (status, answer["code"]) == (400, "invalid_fields") and next(iter(wrong)) in answer["error"]
    assert ask("PUT", one, {"exclude": True})[0] == 400 and ask("PUT", one, {"regex_pattern": "x"})[0] == 200
    assert ask("GET", f"/api/m3u/accounts/1/filters/{first['id']}/")[0] == 404
    assert ask("DELETE", one)[0] == 204 and ask("DELETE", one)[0] == 404
    assert ask("POST", "/api/m3u/accounts/99999/filters/", {"regex_pattern": "x"})[0] == 404


def test_profiles(ask, account):
    path = account + "profiles/"
    [default] = ask("GET", path)[1]
    assert default["is_default"] and default["account"]["is_xtream_codes"] is True
    assert ask("POST", path, {"name": "Second"})[0] == 400
    body = {"name": "Second", "search_pattern": "a", "replace_pattern": "b", "exp_date": "2030-01-01T00:00:00Z"}
    status, made = ask("POST", path, body)
    assert status == 201 and made["exp_date"].startswith("2030-01-01T00:00:00"), made
    assert ask("POST", path, body)[1]["code"] == "duplicate"
    one = f"{path}{made['id']}/"
    assert ask("PATCH", one, {"max_streams": 3, "exp_date": None})[1]["exp_date"] is None
    assert ask("PATCH", one, {"search_pattern": ""})[0] == 400
    status, answer = ask("PATCH", f"{path}{default['id']}/", {"max_streams": 3})
    assert status == 400 and "default profiles" in answer["error"]
    assert ask("PATCH", f"{path}{default['id']}/", {"name": "Mine", "search_pattern": ""})[1]["name"] == "Mine"
    assert ask("DELETE", f"{path}{default['id']}/")[1]["code"] == "locked"
    status, accepted = ask("POST", f"/api/m3u/refresh-account-info/{made['id']}/")
    assert status == 202 and accepted["message"] == "Account info refresh initiated for profile Second."
    assert ask("DELETE", one)[0] == 204
    assert ask("POST", f"/api/m3u/refresh-account-info/{made['id']}/")[0] == 404


def test_group_settings_and_films(ask, account):
    path = account + "group-settings/"
    done = {"message": "Group settings updated successfully"}
    assert ask("PATCH", path, {"group_settings": [], "category_settings": []}) == (200, done)
    status, answer = ask("PATCH", path, {"group_settings": [{"channel_group": 9999}]})
    assert status == 404 and "channel_group 9999" in answer["error"], answer
    for wrong, why in (
        ({"group_settings": [{"channel_group": 1, "auto_sync_channel_start": 0}]}, "[0].auto_sync_channel_start"),
        ({"group_settings": {}}, "group_settings"),
        ({"category_settings": [7]}, "category_settings[0]"),
    ):
        status, answer = ask("PATCH", path, wrong)
        assert status == 400 and why in answer["error"], answer
    assert ask("PATCH", "/api/m3u/accounts/99999/group-settings/", {})[0] == 404
    assert ask("POST", account + "refresh-vod/")[1]["error"] == "VOD is not enabled for this account"
    ask("PATCH", account, {"enable_vod": True})
    status, answer = ask("POST", account + "refresh-vod/")
    assert (status, answer["message"]) == (202, "VOD refresh initiated for account parts")


def test_server_groups(ask, account):
    path = "/api/m3u/server-groups/"
    status, made = ask("POST", path, {"name": "One provider"})
    assert status == 201 and set(made) == {"id", "name"}
    assert made in ask("GET", path)[1] and ask("POST", path, {"name": "One provider"})[0] == 409
    assert ask("PATCH", account, {"server_group": made["id"]})[1]["server_group"] == made["id"]
    assert ask("PATCH", f"{path}{made['id']}/", {"name": "Renamed"})[1] == {"id": made["id"], "name": "Renamed"}
    assert ask("PUT", f"{path}{made['id']}/", {})[0] == 400
    assert ask("DELETE", f"{path}{made['id']}/")[0] == 204
    assert ask("GET", account)[1]["server_group"] is None


def test_readers_see_what_there_is_and_not_what_opens_it(ask, account):
    status, user = ask("POST", "/api/accounts/users/", {
        "username": "parts-reader", "password": "A-long-Passw0rd-of-parts", "user_level": 1})  # fmt: skip
    assert status == 201, user
    token = ask("POST", "/api/accounts/token/", {
        "username": "parts-reader", "password": "A-long-Passw0rd-of-parts"})[1]["access"]  # fmt: skip
    try:
        [profile] = ask("GET", account + "profiles/", token=token)[1]
        shown = ask("GET", account, token=token)[1]["profiles"][0]
        for row in (profile, shown):
            assert row["search_pattern"] is row["replace_pattern"] is row["custom_properties"] is None
            assert row["name"] and row["is_default"]
        assert ask("GET", account + "filters/", token=token)[0] == 200
        for method, path in (
            ("POST", account + "filters/"), ("POST", account + "profiles/"), ("PATCH", account + "group-settings/"),
            ("POST", account + "refresh-vod/"), ("POST", "/api/m3u/server-groups/"),
        ):  # fmt: skip
            assert ask(method, path, {}, token=token)[0] == 403
    finally:
        ask("DELETE", f"/api/accounts/users/{user['id']}/")


def test_the_groups_of_a_new_playlist_are_read_at_once(ask):
    made = []
    try:
        for name, active in (("read", True), ("off", False)):
            body = {"name": f"groups {name}", "server_url": "http://127.0.0.1:9/list.m3u", "is_active": active}
            status, row = ask("POST", "/api/m3u/accounts/", body)
            assert status == 201, row
            made.append(row["id"])
        ask("PATCH", f"/api/m3u/accounts/{made[0]}/", {"max_streams": 2})

        def reading(account):
            about = f"groups of account {account}"
            tasks = ask("GET", f"/api/tasks/?search={about.replace(' ', '%20')}")[1]["tasks"]
            return [(one["name"], one["state"]) for one in tasks if one["about"] == about]

        end = time.monotonic() + 60
        while reading(made[0]) != [("apps.m3u.tasks.refresh_m3u_groups", "SUCCESS")]:
            assert time.monotonic() < end, reading(made[0])
            time.sleep(0.1)
        row = ask("GET", f"/api/m3u/accounts/{made[0]}/")[1]
        assert row["status"] == "error" and "Connection error" in row["last_message"], row
        assert reading(made[1]) == []
    finally:
        for account in made:
            ask("DELETE", f"/api/m3u/accounts/{account}/")

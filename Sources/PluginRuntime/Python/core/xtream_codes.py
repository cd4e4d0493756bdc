"""A client of the Xtream Codes API, which most IPTV servers speak."""

import logging
from datetime import datetime, timezone
from urllib.parse import urlsplit, urlunsplit

import requests
from version import dispatcharr_user_agent

logger = logging.getLogger(__name__)

#: Seconds to connect, and between two pieces of an answer: large servers take half a minute to think.
TIMEOUT = (10, 60)
#: Bytes of one answer. A catalogue of a million entries has about 300 MB.
MAX_ANSWER = 512 * 1024 * 1024

USER_FIELDS = (
    "username", "password", "message", "auth", "status", "exp_date", "is_trial", "active_cons", "created_at",
    "max_connections",
)  # fmt: skip
SERVER_FIELDS = (
    "url", "port", "https_port", "server_protocol", "rtmp_port", "timezone", "timestamp_now", "time_now",
)  # fmt: skip


def normalize_server_url(url):
    """The server's address from whatever part of its API somebody pasted; empty stays empty."""
    if not url:
        return url
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/")
    folder, _, last = path.rpartition("/")
    return urlunsplit((parts.scheme, parts.netloc, folder if last.endswith(".php") else path, "", ""))


class Client:
    """One account on one server: `with Client(url, user, password) as client: client.authenticate()`."""

    def __init__(self, server_url, username, password, user_agent=None):
        self.server_url = normalize_server_url(server_url)
        if not self.server_url:
            raise ValueError("Server URL cannot be empty")
        self.username = username
        self.password = password
        self.server_info = None
        self.session = requests.Session()
        # A row of core.UserAgent, or text.
        self.session.headers["User-Agent"] = str(
            getattr(user_agent, "user_agent", user_agent) or dispatcharr_user_agent()
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Closes the connection."""
        self.session.close()

    # The account

    def authenticate(self):
        """Signs in; the server's answer, with `user_info` and `server_info`."""
        answer = self._ask()
        if not isinstance(answer, dict) or not answer.get("user_info"):
            raise ValueError("Authentication failed: Invalid response from server")
        self.server_info = answer
        return answer

    def get_account_info(self):
        """What the server said of the account when it was signed in."""
        if not self.server_info:
            raise ValueError("Not authenticated. Call authenticate() first.")
        user = self.server_info.get("user_info") or {}
        server = self.server_info.get("server_info") or {}
        now = datetime.now(timezone.utc)
        return {
            "last_refresh": now.replace(tzinfo=None).isoformat() + "Z",
            "auth_timestamp": now.timestamp(),
            "user_info": {
                **{name: user.get(name) for name in USER_FIELDS},
                "allowed_output_formats": user.get("allowed_output_formats", []),
            },
            "server_info": {name: server.get(name) for name in SERVER_FIELDS},
        }

    # What it offers

    def get_live_categories(self):
        """The groups of live channels."""
        return self._list("get_live_categories")

    def get_live_category_streams(self, category_id):
        """The live channels of one group."""
        return self._list("get_live_streams", category_id=category_id)

    def get_all_live_streams(self):
        """Every live channel, in one answer."""
        return self._list("get_live_streams")

    def get_vod_categories(self):
        """The groups of films."""
        return self._list("get_vod_categories")

    def get_vod_streams(self, category_id=None):
        """The films, of one group or all."""
        return self._list("get_vod_streams", category_id=category_id)

    def get_vod_info(self, vod_id):
        """One film's details."""
        return self._object("get_vod_info", vod_id=vod_id)

    def get_series_categories(self):
        """The groups of series."""
        return self._list("get_series_categories")

    def get_series(self, category_id=None):
        """The series, of one group or all."""
        return self._list("get_series", category_id=category_id)

    def get_series_info(self, series_id):
        """One series' details, with its episodes."""
        return self._object("get_series_info", series_id=series_id)

    # Where it plays

    def get_stream_url(self, stream_id):
        """The address of a live channel."""
        return self._address("live", stream_id, "ts")

    def get_vod_stream_url(self, stream_id, container_extension="mp4"):
        """The address of a film."""
        return self._address("movie", stream_id, container_extension)

    def get_episode_stream_url(self, stream_id, container_extension="mp4"):
        """The address of an episode."""
        return self._address("series", stream_id, container_extension)

    def _address(self, kind, stream_id, extension):
        return f"{self.server_url}/{kind}/{self.username}/{self.password}/{stream_id}.{extension}"

    def _list(self, action, **params):
        answer = self._signed_in(action, params)
        if not isinstance(answer, list):
            raise ValueError(f"{action}: expected a list from the server, got a {type(answer).__name__}")
        return answer

    def _object(self, action, **params):
        answer = self._signed_in(action, params)
        # Servers written in PHP say [] when they mean {}.
        if not isinstance(answer, dict) and answer != []:
            raise ValueError(f"{action}: expected an object from the server, got a {type(answer).__name__}")
        return answer or {}

    def _signed_in(self, action, params):
        if not self.server_info:
            self.authenticate()
        return self._ask(action=action, **{name: value for name, value in params.items() if value})

    def _ask(self, **params):
        """One answer of player_api.php. Errors name the server and the action, never the password."""
        what = params.get("action", "log-in")
        login = {"username": self.username, "password": self.password}
        try:
            with self.session.get(
                f"{self.server_url}/player_api.php", params={**login, **params}, timeout=TIMEOUT, stream=True
            ) as response:
                if response.status_code >= 400:
                    raise ValueError(f"{what}: {self.server_url} answered HTTP {response.status_code}")
                data = _whole(response, what)
        except requests.RequestException as error:
            # The exception's own text holds the address, and the address holds the password.
            raise type(error)(f"{what}: {self.server_url} cannot be asked ({type(error).__name__})") from None
        return _decoded(data, response, what)


def _whole(response, what):
    data = bytearray()
    for piece in response.iter_content(1 << 16):
        data += piece
        if len(data) > MAX_ANSWER:
            raise ValueError(f"{what}: the answer is larger than {MAX_ANSWER >> 20} MiB")
    return bytes(data)


def _decoded(data, response, what):
    text = data.decode(response.encoding or "utf-8", "replace").strip()
    if not text:
        raise ValueError(f"{what}: the server's answer is empty")
    if text.lower() in ("blocked", "forbidden", "access denied", "unauthorized"):
        raise ValueError(f"{what}: the server says {text!r}; it may refuse this address or user agent")
    try:
        answer = requests.models.complexjson.loads(text)
    except ValueError:
        kind = "an HTML page" if text.startswith("<") else "no JSON"
        raise ValueError(f"{what}: the server's answer is {kind}: {text[:200]!r}") from None
    if isinstance(answer, dict) and answer.get("user_info") is None and "error" in answer:
        raise ValueError(f"{what}: the server says {answer['error']!r}")
    return answer

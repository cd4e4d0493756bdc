"""One Redis, two spellings of its address."""

from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from django.conf import settings
from redis import ConnectionPool
from redis.sentinel import Sentinel, SentinelConnectionPool


def client_url(celery_url):
    """Celery's `redis+socket:///path?virtual_host=0` as redis-py writes it; other URLs are the same in both."""
    parts = urlsplit(celery_url)
    if parts.scheme not in ("redis+socket", "socket"):
        return celery_url
    query = {("db" if key == "virtual_host" else key): value for key, value in parse_qsl(parts.query)}
    return f"unix://{parts.netloc}{parts.path}?{urlencode(query)}"


class Pool:
    """Makes connection pools, also to a master that sentinels know: redis-py has no URL for those.

    In the shape in which Django asks for its cache's pool.
    """

    @classmethod
    def from_url(cls, url, **options):
        """The broker's pool; of Celery's `sentinel://host:port/db;sentinel://…`, the present master's."""
        if not url.startswith("sentinel://"):
            return ConnectionPool.from_url(client_url(url), **options)
        broker = settings.BROKER_OPTIONS
        places = [urlsplit(part) for part in url.split(";")]
        for name in ("username", "password"):
            if value := getattr(places[0], name):
                options[name] = unquote(value)
        patience = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
        sentinels = Sentinel(
            [(place.hostname, place.port or 26379) for place in places],
            sentinel_kwargs={**patience, **broker.get("sentinel_kwargs", {})},
        )
        database = int(places[0].path.strip("/") or 0)
        return SentinelConnectionPool(broker["master_name"], sentinels, db=database, **options)

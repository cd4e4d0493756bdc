"""One Redis, two spellings of its address."""

from urllib.parse import parse_qsl, urlencode, urlsplit


def client_url(celery_url):
    """Celery's `redis+socket:///path?virtual_host=0` as redis-py writes it; other URLs are the same in both."""
    parts = urlsplit(celery_url)
    if parts.scheme not in ("redis+socket", "socket"):
        return celery_url
    query = {("db" if key == "virtual_host" else key): value for key, value in parse_qsl(parts.query)}
    return f"unix://{parts.netloc}{parts.path}?{urlencode(query)}"

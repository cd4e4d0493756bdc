"""Small helpers that plugins import by way of `core.utils`: names, paths, addresses, memory. No I/O but /proc."""

import ctypes
import functools
import gc
import json
import logging
import os
import re
import resource
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from version import dispatcharr_user_agent

logger = logging.getLogger(__name__)


def natural_sort_key(text):
    """Sorts "Channel 9" before "Channel 10"."""
    return [int(part) if part.isdigit() else part.lower() for part in re.split(r"([0-9]+)", str(text))]


def custom_properties_as_dict(value):
    """A dict from a JSON column that may hold one, JSON text of one, or nothing."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            logger.warning("custom properties are not JSON and count as none: %.80r", value)
    return value if isinstance(value, dict) else {}


ensure_custom_properties_dict = custom_properties_as_dict


def validate_flexible_url(value):
    """Accepts web and streaming addresses, also of hosts without a dot; `ValidationError` for anything else."""
    parts = urlsplit(value or "")
    schemes = ("http", "https", "rtsp", "rtp", "rtmp", "udp", "ftp")
    try:
        usable = not value or (parts.scheme in schemes and parts.hostname and (parts.port or True))
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise ValidationError(f"{value!r} is not the address of a stream; expected {', '.join(schemes)}")


def safe_upload_path(filename, base_dir):
    """The path of `filename` directly inside `base_dir`, or `ValueError` if it would leave it."""
    name = os.path.basename(filename.replace("\\", "/"))
    if name in ("", ".", "..") or "\0" in name:
        raise ValueError(f"{filename!r} is not the name of a file")
    return os.path.join(os.path.realpath(base_dir), name)


def dispatcharr_http_headers(*, token=None, content_type="application/json", route_to=None):
    """Headers of an outgoing request; `token` and `route_to` are Schedules Direct's."""
    headers = {"User-Agent": dispatcharr_user_agent()}
    optional = {"Content-Type": content_type, "token": token, "RouteTo": route_to}
    return {**headers, **{name: value for name, value in optional.items() if value}}


def dispatcharr_dvr_user_agent(recording_id):
    """How a recording calls itself towards the stream it records."""
    return f"Dispatcharr-DVR/recording-{recording_id}"


#: Folders whose files belong to the person who put them there.
PROTECTED_FOLDERS = ("/data/epgs", "/data/uploads", "/data/m3us")


def is_protected_path(file_path):
    """Whether a file must not be removed together with the row that names it."""
    return bool(file_path) and any(_is_below(file_path, folder) for folder in PROTECTED_FOLDERS)


def resolve_safe_local_data_path(path, allowed_roots=("/data/logos",)):
    """The real path of a file below one of the folders, links followed; None for anything else."""
    if not isinstance(path, str) or not path.startswith("/data") or "\0" in path:
        return None
    real = os.path.realpath(path)
    return real if any(_is_below(real, os.path.realpath(root)) for root in allowed_roots) else None


def _is_below(path, folder):
    path, folder = os.path.normpath(path), os.path.normpath(folder)
    return path == folder or path.startswith(folder + os.sep)


def get_host_and_port(request):
    """(host, port) that the browser knows this server by; None as port where the scheme implies it."""
    meta = request.META
    scheme = meta.get("HTTP_X_FORWARDED_PROTO", request.scheme)
    address = urlsplit(f"//{meta.get('HTTP_X_FORWARDED_HOST') or request.get_host()}")
    port = address.port or meta.get("HTTP_X_FORWARDED_PORT")
    if not port and not any(meta.get(f"HTTP_X_FORWARDED_{name}") for name in ("PROTO", "FOR", "HOST")):
        port = meta.get("SERVER_PORT")
    implied = "443" if scheme == "https" else "80"
    return address.hostname, None if not port or str(port) == implied else str(port)


def build_absolute_uri_with_port(request, path):
    """The address of `path` on this server, as the browser would write it."""
    host, port = get_host_and_port(request)
    scheme = request.META.get("HTTP_X_FORWARDED_PROTO", request.scheme)
    return f"{scheme}://{host}:{port}{path}" if port else f"{scheme}://{host}{path}"


def get_memory_usage():
    """MiB of memory this process uses now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1048576


def monitor_memory_usage(function):
    """Logs how much memory each call of `function` leaves behind."""

    @functools.wraps(function)
    def monitored(*args, **kwargs):
        gc.collect()
        before = get_memory_usage()
        result = function(*args, **kwargs)
        gc.collect()
        after = get_memory_usage()
        logger.debug("%s: %.2f MiB before, %.2f MiB after", function.__name__, before, after)
        return result

    return monitored


def trim_c_allocator_heap():
    """Gives freed memory back to the system; False where the C library cannot."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return bool(trim and trim(0))


def cleanup_memory(log_usage=False, force_collection=True, trim_heap=False):
    """Collects garbage, and gives the memory back if wanted."""
    if force_collection:
        gc.collect()
    if trim_heap:
        trim_c_allocator_heap()
    if log_usage:
        logger.info("%.1f MiB in use", get_memory_usage())

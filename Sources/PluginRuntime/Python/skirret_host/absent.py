"""Names of Dispatcharr that are not offered here, each with the reason why, as the error of its import."""

import sys

NO_ROUTES = (
    "HTTP and WebSocket routes are answered by another process, which is no Django: there is no view, URL or "
    "serialiser to call, add to or replace. Declare an action or a page of the plugin instead."
)
NOT_OFFERED = "this part of Dispatcharr is not offered to plugins here. Models, tasks and core.utils are."

OURS = ("apps", "core", "dispatcharr")
#: Packages that Dispatcharr brings along, and what takes their place.
OTHERS = {
    "rest_framework": NO_ROUTES,
    "rest_framework_simplejwt": f"tokens are the API's, too. {NO_ROUTES}",
    "drf_spectacular": NO_ROUTES,
    "gevent": "greenlets are threads here, and of gevent there is what starts, awaits and ends them, and pywsgi. Blocking "
    "calls of Python's own modules hold nobody up.",
    "channels": "open browsers are told by core.utils.send_websocket_update and context['emit_event'].",
}
ROUTES = frozenset(
    "output urls views api_views api_urls stats_views serializers consumers routing asgi wsgi admin image_proxy".split()
)


class Absent:
    """The last of the import system's finders: whoever asks it asks for a module that does not exist."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Refuses names of Dispatcharr and what it brings along; leaves all others to Python's own message."""
        first, *rest = name.split(".")
        if first in OTHERS:
            raise ModuleNotFoundError(f"No module named {name!r}: {OTHERS[first]}", name=name)
        if first in OURS and rest:
            reason = NO_ROUTES if ROUTES & set(rest) else NOT_OFFERED
            raise ModuleNotFoundError(f"No module named {name!r}: {reason}", name=name)
        return None


class Routes(list):
    """The empty `urlpatterns`: adding to it would be forgotten silently, so it fails."""

    def _refuse(self, *arguments):
        raise NotImplementedError(f"urlpatterns cannot be changed: {NO_ROUTES}")

    append = extend = insert = __iadd__ = __setitem__ = _refuse


def explain_missing_modules():
    """From here on an import that cannot work says why."""
    if Absent not in sys.meta_path:
        sys.meta_path.append(Absent)

"""Not included; see `apps.proxy`."""

from apps.proxy import NOT_INCLUDED

raise ImportError(f"{__name__}: {NOT_INCLUDED}", name=__name__)

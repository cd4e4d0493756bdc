"""The proxy of live channels, seen through Redis; see `apps.proxy`."""

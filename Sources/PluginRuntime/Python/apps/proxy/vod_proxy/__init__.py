"""The proxy of films and episodes, seen through Redis; see `apps.proxy`."""

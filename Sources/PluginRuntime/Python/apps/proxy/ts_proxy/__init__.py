"""The name that `apps.proxy.live_proxy` had until Dispatcharr 0.25; see there."""

raise ImportError(
    "apps.proxy.ts_proxy is now apps.proxy.live_proxy, and the Redis keys 'ts_proxy:…' are 'live:…' "
    "(Dispatcharr 0.25 renamed them). This plugin needs a newer version.",
    name=__name__,
)

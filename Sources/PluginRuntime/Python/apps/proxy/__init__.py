"""What plugins may know of a streaming proxy, and ask of it.

Skirret streams nothing itself. A Dispatcharr proxy on the same Redis writes down what it plays, and
listens there for requests: `live_proxy` and `vod_proxy` read the one and write the other, under the
proxy's own keys. Without a proxy nothing plays, and that is what they report.
"""

NOT_INCLUDED = "the streaming proxy is not part of Skirret, which runs jobs and plugins and streams nothing"

"""The Python side of the plugin runtime: a fork server, and the frame loop of each plugin's process.

`server` imports Django and the SDK once and forks; `child` answers the frames of one plugin;
`describe` reads plugins without running them. Nothing is imported here, so that `describe` starts fast.
"""

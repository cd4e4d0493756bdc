/// Plugins that the tests run.
enum Samples {
    /// Says what it was asked, in every way a plugin can speak.
    static let talker = """
        import sys, threading
        class Plugin:
            name = "Talker"
            version = "1.2.3"
            description = "Says things."
            fields = [{"id": "limit", "label": "Limit", "type": "number", "default": 5}]
            actions = [{"id": "echo", "label": "Echo"}, {"id": "talk", "label": "Talk"}]
            def run(self, action, params, context):
                if action == "echo":
                    return {"status": "ok", "params": params, "settings": context["settings"], "plugin": context["plugin"]}
                if action == "talk":
                    context["logger"].warning("from the logger")
                    context["emit_event"]("spoke", {"n": 1}, success=False)
                    context["report_progress"](40, "on my way")
                    print("from print")
                    print("from stderr", file=sys.stderr)
                    return {"status": "ok"}
                if action == "later":
                    emit = context["emit_event"]
                    threading.Timer(0.05, lambda: emit("afterwards", {})).start()
                    return {"status": "queued"}
                if action == "set":
                    return {"bad": {1, 2}}
                if action == "text":
                    return "just text"
                raise ValueError("no action " + action)
            def resolve_ui_resource(self, resource, params, context):
                return {"resource": resource, "page": params.get("page")}
        """

    /// Dies, hangs, eats and floods on request.
    static let vandal = """
        import ctypes, os, signal, subprocess, sys, time
        class Plugin:
            name = "Vandal"
            def run(self, action, params, context):
                context["emit_event"]("started", {"pid": os.getpid()})
                if action == "fine":
                    return {"status": "ok", "pid": os.getpid()}
                if action == "wait":
                    while not os.path.exists(params["until"]): time.sleep(0.01)
                    return {"status": "ok", "pid": os.getpid()}
                if action == "segfault":
                    print("the last words")
                    ctypes.string_at(0)
                if action == "exit":
                    os._exit(params.get("code", 0))
                if action == "spin":
                    while True: pass
                if action == "deaf":
                    while True:
                        try:
                            while True: time.sleep(0.01)
                        except BaseException: pass
                if action == "child":
                    hold = os.open(params["fifo"], os.O_WRONLY)
                    subprocess.Popen(["sleep", "1000"], start_new_session=True, pass_fds=[hold])
                    context["emit_event"]("child", {})
                    while True: pass
                if action == "eat":
                    data = bytearray(params["bytes"])
                    return {"status": "ok", "size": len(data)}
                if action == "flood":
                    os.write(1, b"x" * 1000)
                    for _ in range(params["chunks"]):
                        os.write(1, b"x" * 65536)
                    os.write(1, b"\\nafter the flood\\n")
                    return {"status": "ok"}
                if action == "lines":
                    for number in range(params["count"]): print("line", number)
                    return {"status": "ok"}
                if action == "swarm":
                    try:
                        for _ in range(params["count"]): subprocess.Popen(["sleep", "1000"])
                    except OSError:
                        pass
                    time.sleep(1000)
                if action == "noise":
                    os.write(3, b"this is no frame at all")
                    time.sleep(1000)
        """
}

"""Nothing is patched: threads are threads, so code that asks takes the way without gevent."""


def is_module_patched(mod_name):
    """Whether a module of Python's is replaced; none is."""
    return False


def is_object_patched(mod_name, item_name):
    """Whether a part of one is; none is."""
    return False


def is_anything_patched():
    """Whether any is; none is."""
    return False


def patch_all(*args, **kwargs):
    """Does nothing: what it is for, calls that do not hold others up, threads have."""
    return False


patch_socket = patch_ssl = patch_thread = patch_time = patch_os = patch_select = patch_subprocess = patch_all
patch_queue = patch_signal = patch_dns = patch_sys = patch_all


def get_original(mod_name, item_name):
    """The thing itself, or a list of them."""
    module = __import__(mod_name, fromlist=["x"])
    if isinstance(item_name, str):
        return getattr(module, item_name)
    return [getattr(module, name) for name in item_name]

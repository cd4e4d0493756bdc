"""Which of the product's processes this is."""


def get_process_role(argv=None):
    """`"uwsgi"`: the role in which plugins start their background work.

    Dispatcharr loads a plugin into many processes, and plugins look here for the one that may run a loop.
    A plugin has one process here, so that is the one.
    """
    return "uwsgi"


def db_application_name():
    """How this process would call itself towards a database server."""
    import os

    return f"Dispatcharr-{get_process_role()}-{os.getpid()}"

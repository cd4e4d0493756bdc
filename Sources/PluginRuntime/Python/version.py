"""The version of Dispatcharr whose interface this host offers to plugins."""

__version__ = "0.29.0"
__timestamp__ = None


def dispatcharr_user_agent():
    """How this server calls itself towards others."""
    return f"Dispatcharr/{__version__}"

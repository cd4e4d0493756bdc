"""The version of Dispatcharr whose interface this host offers to plugins."""

__version__ = "0.29.0"
__timestamp__ = None

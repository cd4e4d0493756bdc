"""Types for authors of plugins; see `__init__.pyi`. While a plugin runs these are plain dicts and objects."""

from typing import Any

Json = Params = Settings = Context = About = KnownResult = Result = Download = Undo = dict
Option = Field = Column = Action = Confirm = Refresh = Subscription = DataSource = KnownNode = Node = Page = Ui = dict
Variant = EventName = str
Files = Request = Upload = PluginType = EmitEvent = ReportProgress = DispatchTask = Any

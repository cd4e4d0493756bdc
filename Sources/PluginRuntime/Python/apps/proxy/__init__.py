"""The streaming proxy is no part of this product; only its one scheduled task has a name here."""

NOT_INCLUDED = "the streaming proxy is not part of Skirret, which runs jobs and plugins and streams nothing"

"""The streaming proxy is no part of this product; only its one scheduled task has a name here."""

"""The dashboard stores nothing of its own; the app exists for its label."""

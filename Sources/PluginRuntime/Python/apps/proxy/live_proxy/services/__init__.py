"""Requests to a live proxy."""

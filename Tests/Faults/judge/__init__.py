"""The judge of faults: provokes them one at a time, and counts what became of every task."""

"""Transitions become alerts: the same ids, with what a person needs to act."""

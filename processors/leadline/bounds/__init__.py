"""Bounds: readings to episodes. Everything but `app.py` and `forward.py` is pure."""

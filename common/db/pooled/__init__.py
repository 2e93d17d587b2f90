"""A database engine: see `base.py`, which is where Django looks for it."""

"""
Repair: what the other service has applied is compared with what was said, and said again.

Both services use it, each for the events it says itself. `docs/restore.md` tells the rest.
"""

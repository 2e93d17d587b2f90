"""The inbox: events come in at least once and in any order, and take effect once and in order."""

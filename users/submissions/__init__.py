"""Transaction requests: what clients asked for, and what became of it."""

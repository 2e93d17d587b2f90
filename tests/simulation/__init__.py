"""The protocol core under a seeded scheduler: real code, a fake database, broker and clock."""

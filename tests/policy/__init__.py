"""Who may do what, and what nobody may send: the parts of both services' policy tests."""

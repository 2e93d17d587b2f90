"""Staff of the users console sign in to this one by it (OpenID Connect); see docs/staff.md."""

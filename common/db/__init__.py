"""What both services need of PostgreSQL."""

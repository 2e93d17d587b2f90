"""The whole system as running processes: for Docker (compose.yaml) and for one machine (local)."""

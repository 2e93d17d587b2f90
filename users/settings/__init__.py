"""Settings of the service; a deployment picks one module and sets the rest by environment."""

"""Settings of the transactions service; one module for each kind of deployment."""

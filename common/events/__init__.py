"""What the services tell each other: envelope, contracts, topics. Plain Python."""

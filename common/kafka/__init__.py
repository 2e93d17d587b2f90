"""The only modules that know the Kafka client, and its in-memory twin for tests."""

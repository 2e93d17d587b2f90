"""The transactional outbox: an event is a row first, and leaves for Kafka after COMMIT."""

"""The service where people are known and transactions are asked for."""

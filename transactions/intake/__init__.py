"""Events from users come in here and leave as commands to the ledger."""

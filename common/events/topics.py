"""Topics, who owns them and how they are laid out."""

USERS_EVENTS = "users.events"
TRANSACTIONS_EVENTS = "transactions.events"
USERS_DEAD_LETTERS = "users.dead-letters"
TRANSACTIONS_DEAD_LETTERS = "transactions.dead-letters"

USERS_SOURCE = "/users"
TRANSACTIONS_SOURCE = "/transactions"

SOURCE_BY_TOPIC: dict[str, str] = {
    USERS_EVENTS: USERS_SOURCE,
    TRANSACTIONS_EVENTS: TRANSACTIONS_SOURCE,
}
"""The one service that may write to each event topic; anything else there is foreign."""

ALL_TOPICS = (USERS_EVENTS, TRANSACTIONS_EVENTS, USERS_DEAD_LETTERS, TRANSACTIONS_DEAD_LETTERS)

DEAD_LETTER_RECORD_MAX = 512 * 1024
"""Bytes of a dead letter: the largest record of any topic (256 KiB), and why it is dead."""

RECORD_MAX_BY_TOPIC: dict[str, int] = {
    USERS_DEAD_LETTERS: DEAD_LETTER_RECORD_MAX,
    TRANSACTIONS_DEAD_LETTERS: DEAD_LETTER_RECORD_MAX,
}
"""Topics whose records may be larger than the brokers' own limit."""

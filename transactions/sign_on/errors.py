"""Why somebody does not get in by the users console."""


class SignOnRefused(Exception):
    """Nobody gets in; the message is for who tries."""

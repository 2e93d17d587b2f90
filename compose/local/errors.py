"""What can go wrong here in a way the operator can mend."""


class OperatorError(Exception):
    """Shown without a traceback; the message says what to do."""


class NotReady(OperatorError):
    """A process did not become ready; carries what to show of its log."""

    def __init__(self, name: str, reason: str, log_tail: str) -> None:
        super().__init__(f"{name} is not ready: {reason}")
        self.name = name
        self.log_tail = log_tail

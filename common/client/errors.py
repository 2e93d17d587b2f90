"""What can become of a request beside its answer."""

from typing import Any

from common.client.problems import Problem


class ClientError(Exception):
    """
    Anything that keeps a call from giving its result.

    `idempotency_key` is the one that the request was sent under, if it was under one: whoever asks
    again under it gets the first answer, and nothing is done twice.
    """

    idempotency_key: str | None = None


class NoAnswer(ClientError):
    """
    No answer came before the deadline; the connection's error is the cause.

    `may_have_arrived`: whether it may have been done all the same.
    """

    def __init__(self, message: str, *, may_have_arrived: bool) -> None:
        super().__init__(message)
        self.may_have_arrived = may_have_arrived


class RequestRefused(ClientError):
    """The API said no (4xx). Sending the same again cannot help; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def code(self) -> str:
        """What programs decide by."""
        return self.problem.code

    @property
    def field(self) -> str | None:
        """The member of the request that is wrong, if it is about one."""
        return self.problem.field

    @property
    def request_id(self) -> str | None:
        """What to quote when asking for help."""
        return self.problem.request_id


class ServiceUnavailable(RequestRefused):
    """The API could not (5xx), or not so fast (429), until the deadline. Later it may."""


class AnswerUnreadable(ClientError):
    """An answer that is none of this API's, such as of a proxy between us."""


class SignInIncomplete(ClientError):
    """The password is right, and more is asked for: `pending` names it (`verify_email` …)."""

    def __init__(self, pending: tuple[str, ...]) -> None:
        super().__init__(f"more is needed to sign in: {', '.join(pending)}")
        self.pending = pending


class SignedOut(ClientError):
    """The sign-in is over, here or for the server: sign in again."""


class StillPending(ClientError):
    """There was no outcome in the time that was given; `asked` is the last that was seen."""

    def __init__(self, asked: Any, within_s: float) -> None:
        super().__init__(f"{asked.id} is still pending after {within_s:g} seconds")
        self.asked = asked

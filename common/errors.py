"""
Anticipated failures.

Two questions decide a class: is it anticipated, and would a retry help? `Refused` goes to the
caller or becomes an outcome event, `Unavailable` is retried, anything else is a bug.
"""

from typing import Any, ClassVar


class ServiceError(Exception):
    """
    An anticipated failure with a stable machine code.

    `detail` is for people and may name what the caller sent; it never quotes an exception.
    `extra` holds further members of the problem document (RFC 9457, section 3.2). `when` and
    `remedy` are a sentence each for the catalogue: when it is answered, and what to do then.
    """

    code: ClassVar[str] = "service_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    when: ClassVar[str] = ""
    remedy: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, field: str | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.extra = extra


class Refused(ServiceError):
    """A business rule says no. Retrying cannot help."""

    code = "refused"
    status = 422
    title = "The request was refused"


class Unavailable(ServiceError):
    """A dependency did not answer. Retrying the same request may help and does no harm."""

    code = "unavailable"
    status = 503
    title = "The service is not available at the moment"
    when = "A service, or something that it needs, does not answer in time."
    remedy = "Repeat the request with the same idempotency key after `Retry-After` seconds."

    retry_after_s: ClassVar[int] = 1

"""What can be refused about people."""

from common.errors import Refused


class EmailTaken(Refused):
    """Somebody has this address already."""

    code = "email_taken"
    status = 409
    title = "This e-mail address is taken"


class ProfileChanged(Refused):
    """The profile is not the version that the client wants to change (RFC 9110, 13.1.1)."""

    code = "precondition_failed"
    status = 412
    title = "The profile has changed meanwhile"

"""What can be refused about people."""

from common.errors import Refused


class EmailTaken(Refused):
    """Somebody has this address already."""

    code = "email_taken"
    status = 409
    title = "This e-mail address is taken"


class AccountNotActive(Refused):
    """A token may outlive its user's right to change anything, by minutes."""

    code = "account_not_active"
    status = 403
    title = "This account is not active"


class UserUnknown(Refused):
    """There is nobody of that id."""

    code = "user_unknown"
    status = 404
    title = "There is no such user"


class InvalidStateTransition(Refused):
    """The user's status does not lead to the one that is asked for; the detail names both."""

    code = "invalid_state_transition"
    status = 409
    title = "The account's status does not allow this"


class ProfileChanged(Refused):
    """The profile is not the version that the client wants to change (RFC 9110, 13.1.1)."""

    code = "precondition_failed"
    status = 412
    title = "The profile has changed meanwhile"

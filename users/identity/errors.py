"""What can be refused about people."""

from common.errors import Refused


class EmailTaken(Refused):
    """Somebody has this address already."""

    code = "email_taken"
    status = 409
    title = "This e-mail address is taken"
    when = "Somebody has this e-mail address already."
    remedy = "Use another address, or reset the password of that account."


class AccountNotActive(Refused):
    """A token may outlive its user's right to change anything, by minutes."""

    code = "account_not_active"
    status = 403
    title = "This account is not active"
    when = "The caller was suspended, or is closing or closed, since the token was made."
    remedy = "Ask support; requests that were accepted before are carried out."


class UserUnknown(Refused):
    """There is nobody of that id."""

    code = "user_unknown"
    status = 404
    title = "There is no such user"
    when = "The account is not there any more, or staff name one that does not exist."
    remedy = "Check the id."


class StaffAccountProtected(Refused):
    """Accounts of staff are changed by superusers, and nobody's by themselves."""

    code = "permission_denied"
    status = 403
    title = "Only a superuser changes accounts of staff"
    when = "Somebody of staff would suspend, close or sign out a colleague, or themselves."
    remedy = "Ask a superuser."


class InvalidStateTransition(Refused):
    """The user's status does not lead to the one that is asked for; the detail names both."""

    code = "invalid_state_transition"
    status = 409
    title = "The account's status does not allow this"
    when = "The account's status does not lead to the one that is asked for; the detail names both."
    remedy = "Look at the account's status; most likely nothing is left to do."


class ProfileChanged(Refused):
    """The profile is not the version that the client wants to change (RFC 9110, 13.1.1)."""

    code = "precondition_failed"
    status = 412
    title = "The profile has changed meanwhile"
    when = "The profile is not any more what `If-Match` names."
    remedy = "Read the profile again, and change it with its new `ETag`."

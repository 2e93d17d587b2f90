"""What can be refused about staff."""

from common.errors import Refused


class RolesOfStaffOnly(Refused):
    """Roles would wait for the day on which a customer comes to staff."""

    code = "permission_denied"
    status = 403
    title = "Only staff have roles"
    when = "A superuser would give roles to somebody who is not of staff."
    remedy = "Make them staff first."


class RolesOfYourOwn(Refused):
    """Whoever gives roles does not give them to themselves."""

    code = "permission_denied"
    status = 403
    title = "Nobody changes their own roles"
    when = "A superuser would change roles, or the way in, of themselves."
    remedy = "Ask another superuser."

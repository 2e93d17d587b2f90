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


class RolesOfTheOtherConsole(Refused):
    """Roles that are given here would be gone within a minute."""

    code = "permission_denied"
    status = 403
    title = "Their roles are those of the users console"
    when = "A superuser would give roles here to somebody who signs in with the users console."
    remedy = "Give them the roles there."

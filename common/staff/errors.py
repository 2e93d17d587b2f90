"""What can be refused about staff."""

from common.errors import Refused


class RolesOfYourOwn(Refused):
    """Whoever gives roles does not give them to themselves."""

    code = "permission_denied"
    status = 403
    title = "Nobody changes their own roles"
    when = "A superuser would change roles, or the way in, of themselves."
    remedy = "Ask another superuser."

"""What the home page of the users console says about people."""

from django.urls import reverse

from common.console import Figure
from common.hourly.selectors import Counts
from common.staff.charts import Chart, by_time
from common.staff.home import View
from users.identity.models import User

_STATUS = User.Status


def _people_list() -> str:
    return reverse("admin:identity_user_changelist")


def people_figures(counts: Counts, view: View) -> list[Figure]:
    """Who is here now, and who came."""
    people = {one.label: one.number for one in counts.of("people")}
    suspended = people.get(_STATUS.SUSPENDED, 0)
    new = sum(one.number for one in counts.of("sign_ups"))
    closed = people.get(_STATUS.CLOSED, 0)
    return [
        Figure(
            title="Active users",
            value=f"{people.get(_STATUS.ACTIVE, 0):,}",
            detail=f"of {sum(people.values()) - closed:,} that are not closed",
            url=f"{_people_list()}?status__exact=active",
        ),
        Figure(
            title="Suspended users",
            value=f"{suspended:,}",
            detail="refused until they are reinstated",
            url=f"{_people_list()}?status__exact=suspended",
            tone="warning" if suspended else "",
            word="suspended" if suspended else "",
        ),
        Figure(
            title="Sign-ups",
            value=f"{new:,}",
            detail=f"in {view.period.title}",
            url=_people_list(),
        ),
    ]


def sign_ups_chart(counts: Counts, view: View) -> Chart:
    """Who signed up over time."""
    return Chart(
        title=f"Sign-ups per {view.period.unit}",
        about="Accounts that were made, whether or not the address was verified since.",
        heading=view.heading,
        labels=view.labels,
        datasets=by_time(counts.of("sign_ups"), slots=view.slots, key=lambda _: "sign-ups"),
        url=_people_list(),
    )

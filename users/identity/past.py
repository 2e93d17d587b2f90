"""People of a made-up past: nobody knows a password of theirs, so nobody signs in as one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password

from common.db.copying import rows_copy
from common.demo_history.history import PARTITIONS
from common.demo_history.people import Person, id_at
from common.demo_history.steps import event_id, request_id, suspended_id
from common.outbox.append import NewEvent
from common.outbox.past import PastEvent
from users.identity.events import user_registered, user_status_changed
from users.identity.models import User

ACTOR = "system:seed_demo"
_TRIP = timedelta(milliseconds=20)
_SIGN_INS = 3
_FAILED_SHARE = 0.1
_AGENTS = ("Mozilla/5.0 (X11; Linux x86_64) Firefox/142.0", "Notion for Android 7.3", "curl/8.14")

_USER = (
    *("id", "password", "is_superuser", "email", "status", "role", "display_name", "is_staff"),
    *("sessions_epoch", "created_at"),
)
_ADDRESS = ("user_id", "email", "verified", "primary")
_CHANGE = ("user_id", "from_status", "to_status", "actor", "reason", "code", "event_id")
_SIGN_IN = (
    *("user_id", "type", "detail", "ip", "user_agent", "request_id", "actor", "reason"),
    "happened_at",
)
_FAMILY = (
    *("id", "user_id", "session_key", "created_at", "last_seen_at", "ip", "user_agent"),
    *("ended_at", "end_reason"),
)


def people_past_copy(people: Sequence[Person]) -> None:
    """Store people with their addresses, changes and sign-ins, in the caller's transaction."""
    password = make_password(None)
    rows_copy("user_account", _USER, (_user_row(one, password) for one in people))
    rows_copy(
        "account_emailaddress",
        _ADDRESS,
        ((one.id, one.email, one.status != "pending_verification", True) for one in people),
    )
    rows_copy(
        "user_status_change",
        (*_CHANGE, "changed_at"),
        (
            (one.id, "active", "suspended", ACTOR, "Made up", "", suspended_id(one.id), at)
            for one in people
            if (at := one.suspended_at)
        ),
    )
    rows_copy("login_event", _SIGN_IN, (row for one in people for row in _sign_in_rows(one)))
    rows_copy("token_family", _FAMILY, (_family_row(one) for one in people if _signs_in(one)))


def people_events(people: Sequence[Person]) -> Iterator[PastEvent]:
    """What was told of their registration."""
    for person in people:
        user = User(id=person.id, status=_first_status(person), created_at=person.registered_at)
        yield PastEvent(
            event_id(person.id),
            1,
            NewEvent(
                stream=person.id,
                event=user_registered(user),
                occurred_at=person.registered_at,
                actor=f"user:{person.id}",
                correlation_id=request_id(person.id),
            ),
            person.registered_at + _TRIP,
            person.id.int % PARTITIONS,
            0,
        )


def suspension_events(
    people: Sequence[Person], sequences: Mapping[UUID, int]
) -> Iterator[PastEvent]:
    """What was told of those who are suspended, as the last event of their streams."""
    for person in people:
        if person.suspended_at is None:
            continue
        yield PastEvent(
            suspended_id(person.id),
            sequences[person.id],
            NewEvent(
                stream=person.id,
                event=user_status_changed(
                    user_id=person.id,
                    from_status=User.Status.ACTIVE,
                    to_status=User.Status.SUSPENDED,
                    at=person.suspended_at,
                ),
                occurred_at=person.suspended_at,
                actor=ACTOR,
                correlation_id=request_id(person.id),
            ),
            person.suspended_at + _TRIP,
            person.id.int % PARTITIONS,
            0,
        )


def _first_status(person: Person) -> str:
    return "active" if person.status == "suspended" else person.status


def _user_row(person: Person, password: str) -> tuple[Any, ...]:
    role = "treasury" if person.is_treasury else "user"
    return (
        *(person.id, password, False, person.email, person.status, role),
        *(person.display_name, False, 0, person.registered_at),
    )


def _signs_in(person: Person) -> bool:
    return person.status != "pending_verification"


def _sign_in_rows(person: Person) -> Iterator[tuple[Any, ...]]:
    random = _random_of(person)
    for number in range(_SIGN_INS if _signs_in(person) else 0):
        failed = random.random() < _FAILED_SHARE
        yield (
            *(person.id, "sign_in_failed" if failed else "signed_in", "password"),
            *(_address(random), random.choice(_AGENTS), request_id(person.id), "", ""),
            person.registered_at + timedelta(minutes=5 + number * random.randint(60, 2000)),
        )


def _family_row(person: Person) -> tuple[Any, ...]:
    random = _random_of(person)
    began = person.registered_at + timedelta(minutes=5)
    return (
        *(id_at(began, random), person.id, f"demo-{person.id.hex}"[:40], began),
        *(began + timedelta(hours=1), _address(random), random.choice(_AGENTS)),
        *(began + timedelta(hours=2), "signed_out"),
    )


def _address(random: Random) -> str:
    """One of the addresses that are for documentation (RFC 5737)."""
    return f"203.0.113.{random.randint(1, 254)}"


def _random_of(person: Person) -> Random:
    return Random(str(person.id))  # noqa: S311  made up, not secret

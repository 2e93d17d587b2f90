"""Django's sessions as allauth's app client uses them: looked up by key, without a cookie."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from users.identity.models import User


def session_get(*, session_key: str) -> SessionBase | None:
    """The session of that key, while it lives."""
    session: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    # Reading loads it; a key without a living session is forgotten by that.
    session.get("")
    return session if session.session_key else None


def session_user(*, session_key: str) -> User | None:
    """
    Who is signed in there.

    None when the session is over, its user is not active, or the password has changed since.
    """
    session = session_get(session_key=session_key)
    if session is None:
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return user if isinstance(user, User) else None


def session_delete(*, session_key: str) -> None:
    """Sign out, wherever it was signed in."""
    import_module(settings.SESSION_ENGINE).SessionStore(session_key).delete()

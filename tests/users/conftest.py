"""What the tests of the users service share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone
from rest_framework.test import APIClient

from common.ids import uuid7
from tests.factories.users import UserFactory
from tests.postgresql.rights import as_application
from users.identity.models import User
from users.identity.tokens import access_token_issue

AUTH = "/_allauth/app/v1"
TRANSACTIONS = "/api/v1/transactions"


def pem_make() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.fixture(scope="session")
def signing_key_pem() -> bytes:
    return pem_make()


def key_folder(folder: Path, pem: bytes) -> Path:
    folder.mkdir()
    (folder / "1.pem").write_bytes(pem)
    return folder


@pytest.fixture(scope="session")
def signing_keys_of_all(tmp_path_factory, signing_key_pem: bytes) -> Path:
    return key_folder(tmp_path_factory.mktemp("keys") / "signing-keys", signing_key_pem)


@pytest.fixture(autouse=True)
def signing_keys(settings, signing_keys_of_all: Path) -> Path:
    """A folder with one key, the same for every test: to load a key takes 50 ms."""
    settings.SIGNING_KEYS_DIR = str(signing_keys_of_all)
    return signing_keys_of_all


@pytest.fixture
def own_signing_keys(settings, tmp_path: Path, signing_key_pem: bytes) -> Path:
    """A folder with one key, for a test that changes it."""
    folder = key_folder(tmp_path / "signing-keys", signing_key_pem)
    settings.SIGNING_KEYS_DIR = str(folder)
    return folder


@pytest.fixture
def application(django_db_setup):
    """A connection as the role that web and consumer run as."""
    with as_application("USERS_DATABASE_URL") as session:
        yield session


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient(raise_request_exception=False)


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """A client that speaks for a user."""

    def make(user: User) -> APIClient:
        client = APIClient(raise_request_exception=False)
        token = access_token_issue(user=user, session_id=uuid7(), at=timezone.now())
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return make


@pytest.fixture
def alice(db) -> User:
    return UserFactory(email="alice@example.com")


@pytest.fixture
def bob(db) -> User:
    return UserFactory(email="bob@example.com")


@pytest.fixture
def treasury(db) -> User:
    return UserFactory(email="treasury@example.com", treasury=True)


@pytest.fixture
def submit(client_of) -> Callable[..., Any]:
    """POST a transaction; what is not said is a withdrawal of 250 EUR under a new key."""

    def post(user: User, /, *, key: str | None = None, headers: Any = None, **members: Any) -> Any:
        body = {"kind": "withdrawal", "amount": 250, "currency": "EUR", **members}
        headers = {"Idempotency-Key": key or str(uuid7()), **(headers or {})}
        return client_of(user).post(TRANSACTIONS, body, format="json", headers=headers)

    return post


@pytest.fixture
def command(client_of) -> Callable[..., Any]:
    """POST a command about a transaction, under a new key unless one is given."""

    def post(user: User, row: Any, name: str, /, *, key: str | None = None, **members: Any) -> Any:
        headers = {"Idempotency-Key": key or str(uuid7())}
        path = f"{TRANSACTIONS}/{getattr(row, 'id', row)}/{name}"
        return client_of(user).post(path, members, format="json", headers=headers)

    return post

"""GET and PATCH /api/v1/users/me: one's own profile, and nobody else's."""

from functools import partial

import pytest

from tests.factories.users import UserFactory
from tests.users.racing import race
from users.identity.models import User

PROFILE = "/api/v1/users/me"


def patch(client, body, **headers):
    return client.patch(PROFILE, body, format="json", headers=headers)


@pytest.mark.django_db
class TestProfile:
    def test_shows_oneself(self, client_of, alice):
        response = client_of(alice).get(PROFILE)

        assert response.status_code == 200
        assert response.json() == {
            "id": str(alice.id),
            "email": "alice@example.com",
            "display_name": "",
            "status": "active",
            "created_at": "2026-01-02T12:00:00Z",
        }
        assert response["ETag"].startswith('"')

    def test_of_a_user_that_is_gone_is_404(self, client_of):
        client = client_of(UserFactory.build())

        assert client.get(PROFILE).status_code == 404
        assert patch(client, {"display_name": "x"}).status_code == 404

    def test_changes_by_its_owner_only(self, client_of, alice, bob):
        response = patch(client_of(alice), {"display_name": "Alice \U0001f600"})

        assert response.status_code == 200
        assert response.json()["display_name"] == "Alice \U0001f600"
        bob.refresh_from_db()
        assert bob.display_name == ""

    @pytest.mark.parametrize(
        "name",
        [field.name for field in User._meta.fields if field.name != "display_name"]
        + ["role", "password", "x"],
    )
    def test_changes_nothing_but_what_is_offered(self, client_of, alice, name):
        response = patch(client_of(alice), {"display_name": "x", name: "y"})

        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == name
        alice.refresh_from_db()
        assert alice.display_name == ""

    @pytest.mark.parametrize("status", ["suspended", "closing", "closed"])
    def test_of_somebody_who_is_not_active_is_only_shown(self, client_of, status):
        user = UserFactory(status=status)

        response = patch(client_of(user), {"display_name": "x"})

        assert response.status_code == 403
        assert response.json()["code"] == "account_not_active"
        assert client_of(user).get(PROFILE).json()["display_name"] == ""

    @pytest.mark.parametrize(
        "value", [None, 1, True, [], {}, "x" * 101, "a\nb", "a\u202eb", "a\u0007b"]
    )
    def test_refuses_a_name_that_is_no_text(self, client_of, alice, value):
        response = patch(client_of(alice), {"display_name": value})

        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "display_name"

    def test_needs_a_body(self, client_of, alice):
        assert patch(client_of(alice), {}).status_code == 400

    @pytest.mark.parametrize("method", ["put", "post", "delete"])
    def test_has_no_other_methods(self, client_of, alice, method):
        assert getattr(client_of(alice), method)(PROFILE).status_code == 405


@pytest.mark.django_db
class TestIfMatch:
    def test_changes_the_version_that_it_names(self, client_of, alice):
        client = client_of(alice)
        first = client.get(PROFILE)["ETag"]
        changed = patch(client, {"display_name": "x"}, **{"If-Match": first})

        assert changed.status_code == 200
        assert changed["ETag"] == client.get(PROFILE)["ETag"] != first

    @pytest.mark.parametrize("header", ['"x"', 'W/"x"', '"x", "y"'])
    def test_refuses_another_version(self, client_of, alice, header):
        response = patch(client_of(alice), {"display_name": "x"}, **{"If-Match": header})

        assert response.status_code == 412
        assert response.json()["code"] == "precondition_failed"
        alice.refresh_from_db()
        assert alice.display_name == ""

    def test_takes_one_of_several_and_any(self, client_of, alice):
        client = client_of(alice)
        tag = client.get(PROFILE)["ETag"]

        for header in (f'"x", {tag}', "*"):
            assert patch(client, {"display_name": ""}, **{"If-Match": header}).status_code == 200

    @pytest.mark.parametrize("header", ["", "x", "'x'"])
    def test_refuses_what_is_no_tag(self, client_of, alice, header):
        response = patch(client_of(alice), {"display_name": "x"}, **{"If-Match": header})

        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "If-Match"


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_of_one_version_one_wins(client_of, alice):
    client = client_of(alice)
    tag = client.get(PROFILE)["ETag"]
    answers = race(
        [
            partial(patch, client_of(alice), {"display_name": str(n)}, **{"If-Match": tag})
            for n in range(8)
        ]
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7

"""The pages of a console, as a browser gets them."""

import html
import re
from collections.abc import Iterator

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from common.adminkit import TONES
from common.api.security_headers import policy
from common.console import Figure, FigureGroup, Page, Section, admin_site_settings
from tests.unit.adminkit import site

LIST = "/admin/admin/logentry/"
ROWS = 120
MARKUP = '<script>alert("x")</script>'


@pytest.fixture(scope="session")
def boss(database) -> User:
    """A superuser, and something to look at."""
    user = User.objects.create_superuser("boss")
    LogEntry.objects.bulk_create(
        LogEntry(
            user=user,
            action_flag=1,
            object_repr=f"row {n} {MARKUP}",
            change_message=f"dead {MARKUP}",
        )
        for n in range(ROWS)
    )
    return user


@pytest.fixture
def console(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


@pytest.fixture
def clerk(database) -> Iterator[Client]:
    """Somebody of the staff without permissions."""
    user = User.objects.create_user("clerk", is_staff=True)
    client = Client()
    client.force_login(user)
    yield client
    user.delete()


def rows_of(answer: HttpResponse) -> set[int]:
    """The numbers of the rows that a list shows."""
    return {int(number) for number in re.findall(r"row (\d+) ", answer.content.decode())}


def way_of(answer: HttpResponse, title: str) -> str | None:
    """Where a list leads by one of the titles below it; None where it leads nowhere."""
    found = re.search(rf'<a href="([^"]*)"[^>]*>{title}</a>', answer.content.decode())
    return html.unescape(found[1]) if found else None


class TestReadOnlyList:
    def test_counts_nothing_and_asks_the_same_for_every_page(self, console: Client):
        with CaptureQueriesContext(
            connection,
        ) as first:
            console.get(LIST)
        with CaptureQueriesContext(connection) as second:
            answer = console.get(LIST, {"p": "last"})

        assert answer.status_code == 200
        assert not any("COUNT(" in query["sql"] for query in [*first, *second])
        assert len(first) == len(second) <= 6

    def test_goes_on_to_the_end_and_back(self, console: Client):
        answer, shown = console.get(LIST), []
        for title in ("Next", "Next", "Previous", "Previous"):
            shown.append(rows_of(answer))
            answer = console.get(f"{LIST}{way_of(answer, title)}")
        shown.append(rows_of(answer))

        newest, middle, oldest = (set(range(*ends)) for ends in ((70, 120), (20, 70), (0, 20)))
        assert shown == [newest, middle, oldest, middle, newest]

    def test_has_no_way_beyond_its_ends(self, console: Client):
        first, last = console.get(LIST), console.get(LIST, {"p": "last"})

        assert rows_of(last) == set(range(50))
        assert [way_of(first, title) for title in ("First", "Previous")] == [None, None]
        assert [way_of(last, title) for title in ("Next", "Last")] == [None, None]
        assert rows_of(console.get(f"{LIST}{way_of(last, 'First')}")) == rows_of(first)

    def test_does_not_shift_when_a_row_is_added(self, console: Client, boss: User):
        second = way_of(console.get(LIST), "Next")
        before = rows_of(console.get(f"{LIST}{second}"))
        row = LogEntry.objects.create(user=boss, action_flag=1, object_repr="row 999 ")

        after = rows_of(console.get(f"{LIST}{second}"))
        row.delete()

        assert after == before

    def test_keeps_what_is_searched_for(self, console: Client):
        second = way_of(console.get(LIST, {"q": "row"}), "Next")

        assert rows_of(console.get(f"{LIST}{second}")) == set(range(20, 70))
        assert "q=row" in second

    @pytest.mark.parametrize("page", ["2", "x", "-1", "after~", "after~x", "after~1~2", "\x00"])
    def test_says_that_it_has_no_such_page(self, console: Client, page):
        assert console.get(LIST, {"p": page}).status_code == 400

    def test_shows_no_more_than_a_page_for_show_all(self, console: Client):
        assert len(rows_of(console.get(LIST, {"all": ""}))) == 50

    def test_writes_times_that_sort(self, console: Client):
        text = console.get(LIST).content.decode()

        assert re.search(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", text)
        assert not re.search(r"[ap]\.m\.", text)

    def test_escapes_what_rows_say(self, console: Client):
        text = console.get(LIST).content.decode()

        assert MARKUP not in text
        assert "&lt;script&gt;alert" in text

    def test_shows_a_status_as_a_word_in_its_colour(self, console: Client):
        text = console.get(LIST).content.decode()

        assert re.search(r"bg-red-100[^>]*>\s*dead\s*<", text)

    def test_keeps_no_request_between_threads(self, console: Client):
        console.get(LIST)

        assert not hasattr(site.admin.site._registry[LogEntry], "request")


class TestReadOnlyRow:
    def test_is_shown(self, console: Client):
        row = LogEntry.objects.latest("id")

        answer = console.get(f"{LIST}{row.pk}/change/")

        assert answer.status_code == 200
        assert MARKUP not in answer.content.decode()
        assert 'name="_save"' not in answer.content.decode()

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_not_added_or_deleted_even_by_a_superuser(self, console: Client, method):
        row = LogEntry.objects.latest("id")

        for path in ("add/", f"{row.pk}/delete/"):
            assert getattr(console, method)(f"{LIST}{path}").status_code == 403

        assert LogEntry.objects.count() == ROWS

    def test_is_not_changed_even_by_a_superuser(self, console: Client):
        row = LogEntry.objects.latest("id")

        answer = console.post(f"{LIST}{row.pk}/change/", {"object_repr": "forged"})

        assert answer.status_code == 403
        assert LogEntry.objects.latest("id").object_repr == row.object_repr

    def test_has_no_actions(self, console: Client):
        chosen = {"action": "delete_selected", "_selected_action": [1], "post": "yes"}

        console.post(LIST, chosen)

        assert LogEntry.objects.count() == ROWS
        assert "delete_selected" not in console.get(LIST).content.decode()

    def test_is_only_shown_inside_another_row_too(self, console: Client, boss: User):
        text = console.get(f"/admin/auth/user/{boss.pk}/change/").content.decode()

        assert "row 1 " in text
        assert not re.search(r'name="logentry_set-\d+-object_repr"', text)


class TestLogin:
    @pytest.mark.parametrize(("query", "target"), [("", "/admin/"), (f"?next={LIST}", LIST)])
    def test_leads_to_where_one_wanted(self, boss: User, query, target):
        boss.set_password("secret")
        boss.save()
        client = Client()
        page = client.get(f"/admin/login/{query}").content.decode()
        (wanted,) = re.findall(r'name="next" value="([^"]*)"', page)

        answer = client.post(
            "/admin/login/", {"username": "boss", "password": "secret", "next": wanted}
        )

        assert (answer.status_code, answer["location"]) == (302, target)


class TestHome:
    @pytest.fixture(autouse=True)
    def no_figures(self) -> Iterator[None]:
        yield
        site.shown_figures.clear()

    def test_is_sensible_without_figures(self, console: Client):
        text = console.get("/admin/").content.decode()

        assert "As of" not in text
        assert "Log entries" in text

    def test_shows_figures_with_a_word_beside_each_colour(self, console: Client):
        waiting = Figure(
            title="Waiting", value="12", detail=MARKUP, url=LIST, tone="warning", word="behind"
        )
        site.shown_figures.append(FigureGroup(title="Inbox", figures=[waiting]))

        text = console.get("/admin/").content.decode()

        assert "Inbox" in text
        assert re.search(r"bg-orange-100[^>]*>\s*behind\s*<", text)
        (card,) = re.findall(rf'<a href="{LIST}" class="bg-white.*?</a>', text, re.DOTALL)
        assert "behind" in card
        assert re.search(r"As of <time datetime=\"[^\"]+\+00:00\">[-\d: ]+ UTC", text)
        assert MARKUP not in text

    def test_names_the_environment(self, console: Client):
        text = console.get("/admin/").content.decode()

        assert re.search(r">\s*test\s*</span>", text)
        assert "[test]" in text

    def test_leads_to_what_one_may_see(self, console: Client, clerk: Client):
        assert "/admin/auth/user/" in console.get("/admin/").content.decode()
        assert "/admin/auth/user/" not in clerk.get("/admin/").content.decode()

        user = User.objects.get(username="clerk")
        user.user_permissions.add(Permission.objects.get(codename="view_user"))

        assert "/admin/auth/user/" in clerk.get("/admin/").content.decode()


class TestPolicy:
    @pytest.mark.parametrize("path", ["/admin/", "/admin/login/", LIST, f"{LIST}1/change/"])
    def test_lets_the_pages_of_a_console_work(self, console: Client, path):
        """Neither inline scripts nor anything from elsewhere, so that the policy breaks nothing."""
        client = Client() if "login" in path else console
        answer = client.get(path.replace("/1/", f"/{LogEntry.objects.latest('id').pk}/"))
        text = answer.content.decode()

        assert answer.status_code == 200
        assert "script-src 'self' 'unsafe-eval';" in answer["content-security-policy"]
        assert "unsafe-inline" not in answer["content-security-policy"].partition("style-src")[0]
        for tag in re.findall(r"<script\b[^>]*>", text):
            assert " src=" in tag or 'type="application/json"' in tag, tag
        assert not re.search(r"<[^>]+\son(click|load|error|change|submit)=", text)
        assert "javascript:" not in text
        assert not re.search(r'(src|href|action)="(https?:)?//', text)

    def test_is_strict_elsewhere(self):
        answer = Client().get("/other")

        assert answer["content-security-policy"].startswith("default-src 'none';")
        assert "frame-ancestors 'none'" in answer["content-security-policy"]

    def test_lets_api_pages_load_their_own_scripts_only(self):
        answer = Client().get("/users/docs")

        assert "script-src 'self';" in answer["content-security-policy"]

    @pytest.mark.parametrize(
        "path",
        ["/", "/administration/", "/api/v1/users/me", "/x/admin/", "/users/schema", "/docs.x"],
    )
    def test_is_relaxed_nowhere_else(self, path):
        assert "unsafe" not in policy(path)


class TestSiteSettings:
    def test_tells_the_consoles_apart(self):
        def colours(accent):
            made = admin_site_settings(
                title="t", symbol="s", accent=accent, environment="production", navigation=[]
            )
            return made["COLORS"]["primary"]

        assert set(colours("indigo").values()).isdisjoint(colours("emerald").values())
        assert len(colours("indigo")) == 11

    def test_warns_in_production(self):
        made = admin_site_settings(
            title="t", symbol="s", accent="indigo", environment="production", navigation=[]
        )

        assert made["ENVIRONMENT"](RequestFactory().get("/")) == ["production", "danger"]
        assert made["ENVIRONMENT_TITLE_PREFIX"] is None

    def test_builds_the_sidebar_with_badges_and_pages_below_lists(self, boss):
        pages = [
            Page(
                title="Accounts",
                model="auth.User",
                icon="person",
                badge="tests.unit.adminkit.site.seven",
            ),
            Page(title="Causes", model="auth.User", icon="person", route="auth_causes"),
        ]
        made = admin_site_settings(
            title="t",
            symbol="s",
            accent="indigo",
            environment="local",
            navigation=[Section(title="Work", pages=pages)],
        )

        request = RequestFactory().get("/admin/auth/user/causes/7/")
        request.user = boss
        (section,) = made["SIDEBAR"]["navigation"](request)
        shown = [(item["title"], item["active"], item.get("badge")) for item in section["items"]]
        assert section["title"] == "Work"
        # The longest address that the page begins with is the one that is meant.
        assert shown == [("Accounts", False, "7"), ("Causes", True, None)]

    def test_has_a_colour_that_the_theme_knows_for_every_status(self):
        assert set(TONES.values()) <= {"info", "success", "warning", "danger"}

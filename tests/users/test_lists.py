"""Lists of the users console: found by index, summed up, exported, kept under a name."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from common.demo_history.scale import Scale
from common.ids import uuid7
from common.staff.exports import export_pages
from common.staff.models import SavedView, StaffAction
from tests.console_pages import bare_times, details, filtered, lists, tables_scanned, visit
from tests.factories.users import TransactionCommandFactory, TransactionRequestFactory, UserFactory
from users.demo_history import UsersPast
from users.identity.models import LoginEvent
from users.submissions.models import CommandProposal, TransactionRequest

pytestmark = pytest.mark.django_db

REQUESTS = "/admin/submissions/transactionrequest/"
QUERIES_MAX = 12
LARGE = {
    "transaction_request",
    "transaction_command",
    "login_event",
    "token_family",
    "user_account",
    "outbox_message",
    "staff_action",
}


@pytest.fixture
def superuser():
    return UserFactory(staff=True)


@pytest.fixture
def console(superuser):
    client = Client()
    client.force_login(superuser)
    return client


def person_with(*roles):
    user = UserFactory(is_staff=True)
    user.groups.set([Group.objects.get_or_create(name=role)[0] for role in roles])
    client = Client()
    client.force_login(user)
    return user, client


def ids_of(response):
    return {row.pk for row in response.context["cl"].result_list}


class TestSearch:
    @pytest.fixture
    def row(self):
        TransactionRequestFactory.create_batch(2, transfer=True)
        return TransactionRequestFactory(
            transfer=True,
            reference="INV-2026-7",
            idempotency_key="a Key of theirs",
            request_id="0f3c",
            user=UserFactory(email="erika@example.com"),
        )

    @pytest.mark.parametrize(
        "term",
        [
            "{0.id}",
            " {0.id} ",
            "{0.user_id}",
            "{0.counterparty_id}",
            "INV-2026-7",
            "INV-20",
            "a Key of theirs",
            "0f3c",
            "erika@example.com",
            "ERIKA@",
        ],
    )
    def test_finds_a_transaction_by_whatever_names_it(self, console, row, term):
        found = console.get(REQUESTS, {"q": term.format(row)})

        assert ids_of(found) == {row.pk}

    @pytest.mark.usefixtures("row")
    @pytest.mark.parametrize("term", ["IN", "nv-2026", "a key of theirs", "%", "_", "x" * 300, "@"])
    def test_finds_nothing_by_anything_else(self, console, term):
        assert ids_of(console.get(REQUESTS, {"q": term})) == set()

    @pytest.mark.parametrize("term", ["\x00", "1" * 40, "٣", "💥", "'; --"])
    def test_answers_nonsense(self, console, term):
        for page in lists():
            assert console.get(page, {"q": term}).status_code == 200, page

    def test_finds_sign_ins_by_address_and_request(self, console):
        user = UserFactory(email="erika@example.com")
        found = LoginEvent.objects.create(
            user=user, type="signed_in", ip="203.0.113.9", request_id="r-1", happened_at=NOW
        )
        LoginEvent.objects.create(user=UserFactory(), type="signed_in", happened_at=NOW)

        for term in ("203.0.113.9", "r-1", "erika@", str(user.id)):
            answer = console.get("/admin/identity/loginevent/", {"q": term})
            assert ids_of(answer) == {found.pk}, term


NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


class TestFilters:
    def test_know_amounts_by_the_currency(self, console):
        few, much = (TransactionRequestFactory(amount=amount) for amount in (249, 250))
        yen = TransactionRequestFactory(amount=250, currency="JPY")

        def found(**query):
            return ids_of(console.get(REQUESTS, query))

        assert found(currency="EUR", amount_from="2.50") == {much.pk}
        assert found(currency="EUR", amount_to="2.49") == {few.pk}
        assert found(currency="JPY", amount_from="250", amount_to="250") == {yen.pk}

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ({"amount_from": "1"}, "choose a currency first"),
            ({"currency": "EUR", "amount_from": "x"}, "write an amount"),
            ({"currency": "EUR", "amount_from": "NaN"}, "no amount of EUR"),
            ({"currency": "JPY", "amount_from": "1.5"}, "no amount of JPY"),
            ({"currency": "EUR", "amount_from": "1e400"}, "amount"),
            ({"currency": "EUR", "amount_from": "9e999999"}, "amount"),
            ({"time_from": "yesterday"}, "write a time"),
            ({"time_to": "0001-01-01T00:00+14:00"}, "write a time"),
        ],
    )
    def test_say_what_is_wrong_and_find_nothing(self, console, query, told):
        TransactionRequestFactory()

        answer = console.get(REQUESTS, query)

        assert answer.status_code == 200
        assert ids_of(answer) == set()
        assert told in answer.content.decode()

    def test_know_times_by_the_key(self, console):
        row = TransactionRequestFactory()
        minute = timedelta(minutes=1)
        now = datetime.now(UTC)

        def found(**query):
            texts = {name: f"{at:%Y-%m-%dT%H:%M:%S}" for name, at in query.items()}
            return ids_of(console.get(REQUESTS, texts))

        assert found(time_from=now - minute, time_to=now + minute) == {row.pk}
        assert found(time_to=now - minute) == found(time_from=now + minute) == set()

    def test_keep_each_other(self, console):
        TransactionRequestFactory()

        content = console.get(REQUESTS, {"currency": "EUR", "q": "x"}).content.decode()

        assert '<input type="hidden" name="currency" value="EUR">' in content


class TestPages:
    def test_of_what_happened_at_the_same_time_show_everything_once(self, console):
        moments = [NOW + timedelta(seconds=number // 60) for number in range(120)]
        LoginEvent.objects.bulk_create(
            LoginEvent(type="signed_in", happened_at=moment) for moment in moments
        )
        page, place, seen = "/admin/identity/loginevent/", "", []

        while place is not None:
            listed = console.get(page, {"p": place}).context["cl"]
            seen += [row.pk for row in listed.result_list]
            place = listed.page.next
        backwards = console.get(page, {"p": listed.page.previous}).context["cl"]

        newest_first = LoginEvent.objects.order_by("-happened_at", "-id")
        assert seen == list(newest_first.values_list("pk", flat=True))
        assert [row.pk for row in backwards.result_list] == seen[50:100]


class TestAddresses:
    """What somebody types into the address bar: no way around what a list offers."""

    @pytest.mark.parametrize(
        "query",
        [
            "identity/user/?password__startswith=argon2",
            "identity/user/?display_name__contains=a",
            "identity/user/?groups__name=x",
            "identity/tokenfamily/?session_key__gte=a",
            "submissions/transactionrequest/?description__regex=(a%2B)%2B$",
            "submissions/transactionrequest/?status__in=pending,posted",
            "submissions/transactionrequest/?user__password__startswith=a",
        ],
    )
    def test_cannot_ask_what_no_filter_offers(self, console, query):
        assert console.get(f"/admin/{query}").status_code == 400

    @pytest.mark.parametrize("query", ["foo=1", "p=2", "p=after~x", "status__exact=pending&p=x"])
    def test_that_no_list_has_are_answered_by_a_page_with_a_way_back(self, console, query):
        answer = console.get(f"{REQUESTS}?{query}")

        assert answer.status_code == 400
        assert answer["Content-Type"].startswith("text/html")
        assert f'<a href="{REQUESTS}"' in answer.content.decode()

    def test_that_nobody_can_read_are_answered_by_a_page_without_a_word_of_filters(
        self, console, settings
    ):
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1

        answer = console.post(f"{REQUESTS}export/", {"reason": "a test", "other": "x"})

        assert answer.status_code == 400
        assert "cannot read this request" in answer.content.decode()
        assert "filter" not in answer.content.decode().partition('role="alert"')[2].lower()

    def test_of_a_form_of_before_another_sign_in_lead_to_it_again(self, superuser):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(superuser)

        answer = strict.post(
            f"{REQUESTS}export/", {"reason": "An audit", "csrfmiddlewaretoken": "x"}
        )

        assert answer.status_code == 403
        assert "This form is no longer good" in answer.content.decode()
        assert f'href="{REQUESTS}export/"' in answer.content.decode()
        assert not StaffAction.objects.exists()

    def test_that_break_something_are_answered_by_a_page_that_says_so(self, console, monkeypatch):
        def fail(*_):
            raise OperationalError

        monkeypatch.setattr("common.staff.lists.totals", fail)
        console.raise_request_exception = False

        answer = console.get(REQUESTS)

        assert (answer.status_code, answer["Content-Type"][:9]) == (500, "text/html")
        assert "The console could not answer" in answer.content.decode()

    def test_that_break_everything_are_answered_all_the_same(self, console, monkeypatch):
        def fail(*_):
            raise OperationalError

        monkeypatch.setattr("common.staff.lists.totals", fail)
        monkeypatch.setattr("django.contrib.admin.sites.AdminSite.each_context", fail)
        console.raise_request_exception = False

        answer = console.get(REQUESTS)

        assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")

    def test_of_nothing_and_of_what_is_not_for_ones_role_are_pages_too(self, console):
        _, nobody = person_with()

        for answer, status in (
            (console.get("/admin/inbox/inboxwaiting/causes/one/?letter=x"), 404),
            (nobody.get(REQUESTS), 403),
        ):
            assert (answer.status_code, answer["Content-Type"][:9]) == (status, "text/html")

    def test_of_no_console_are_answered_as_the_api_does(self, console):
        answer = console.get("/api/v1/nothing")

        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"

    def test_cannot_sort_by_what_no_index_sorts(self, console):
        few, much = (TransactionRequestFactory(amount=amount) for amount in (249, 250))
        first = TransactionRequestFactory(status="rejected", rejection_code="limit_exceeded")

        for number in range(-12, 13):
            rows = console.get(REQUESTS, {"o": str(number)}).context["cl"].result_list
            assert [row.pk for row in rows] == [first.pk, much.pk, few.pk], number

    @pytest.mark.parametrize("page", [*lists()])
    def test_with_nonsense_for_a_filter_are_answered(self, console, page):
        TransactionRequestFactory()
        listed = console.get(page).context["cl"]
        for spec in listed.filter_specs:
            for name in spec.expected_parameters():
                query = {"currency": "EUR"} if "amount" in name else {}
                for value in ("\x00", "a\x00b", "1" * 40, "-1", "٣", "", "x" * 3000):
                    answer = console.get(page, {**query, name: value})
                    assert answer.status_code in (200, 302, 400), (name, value)


class TestTotals:
    def test_are_of_the_selection_by_currency(self, console):
        TransactionRequestFactory.create_batch(2, amount=125)
        TransactionRequestFactory(amount=7, currency="JPY")
        TransactionRequestFactory(amount=99_999, status="authorised", hold=True)

        content = console.get(REQUESTS, {"status__exact": "pending"}).content.decode()

        assert "2.50 EUR" in content
        assert "7 JPY" in content
        assert "All 3 rows of this selection" in content

    def test_of_commands_are_of_what_was_applied_or_else_asked_for(self, console):
        command = TransactionCommandFactory(type="capture", amount=250)
        TransactionCommandFactory(type="void", amount=None)
        currency = command.transaction.currency

        content = console.get("/admin/submissions/transactioncommand/").content.decode()

        assert f"1 in {currency}" in content
        assert f"2.50 {currency}" in content.partition("of this selection")[0]

    def test_of_proposals_are_of_their_amounts(self, console, superuser):
        request = TransactionRequestFactory(posted=True)
        CommandProposal.objects.create(
            transaction=request,
            type="reverse",
            amount=125,
            reason="a test",
            proposed_by=superuser,
            expires_at=NOW,
        )

        content = console.get("/admin/submissions/commandproposal/").content.decode()

        assert f"1.25 {request.currency}" in content.partition("of this selection")[0]

    def test_say_when_they_are_of_the_latest_rows_only(self, console, monkeypatch):
        monkeypatch.setattr("common.staff.lists.TOTALS_ROWS_MAX", 2)
        TransactionRequestFactory.create_batch(3, amount=125)

        content = console.get(REQUESTS).content.decode()

        assert "The latest 2 of more rows" in content
        assert "2.50 EUR" in content


class TestExport:
    def export(self, client, query="", reason="An audit of the quarter"):
        return client.post(f"{REQUESTS}export/{query}", {"reason": reason})

    def rows(self, response):
        text = b"".join(response.streaming_content).decode()
        return list(csv.DictReader(io.StringIO(text)))

    def test_has_the_rows_of_the_filter_and_is_recorded(self, console, superuser):
        posted = TransactionRequestFactory(posted=True, reference="r-1")
        TransactionRequestFactory()

        response = self.export(console, "?status__exact=posted")

        (row,) = self.rows(response)
        assert (row["id"], row["amount"], row["reference"]) == (str(posted.id), "250", "r-1")
        assert response["Content-Disposition"].startswith("attachment;")
        action = StaffAction.objects.get()
        assert (action.action, action.actor_email) == ("list.export", superuser.email)
        assert action.after["filters"] == {"status__exact": ["posted"]}

    @pytest.mark.parametrize("start", "=+-@\t\r＝＋－＠")  # noqa: RUF001  the wide forms are meant
    def test_has_no_formula(self, console, start):
        TransactionRequestFactory(description=f"{start}HYPERLINK(1)", reference=f"{start}1")

        (row,) = self.rows(self.export(console))

        assert row["description"] == f"'{start}HYPERLINK(1)"
        assert row["reference"] == f"'{start}1"

    def test_asks_why_first(self, console):
        TransactionRequestFactory()

        asked = console.get(f"{REQUESTS}export/?status__exact=posted")
        refused = self.export(console, reason=" x ")

        assert asked.status_code == refused.status_code == 200
        assert b"Only status__exact: posted" in asked.content
        assert not refused.streaming
        assert not StaffAction.objects.exists()

    @pytest.mark.parametrize("query", ["?p=9999", "?q=%00", "?o=%00", "?foo=1"])
    def test_is_not_of_what_no_list_shows(self, console, query):
        assert console.get(f"{REQUESTS}export/{query}").status_code == 400
        assert self.export(console, query).status_code == 400
        assert not StaffAction.objects.exists()

    @pytest.mark.parametrize("roles", [[], ["support"], ["operator"], ["controller"]])
    def test_is_not_for_everybody(self, roles):
        _, client = person_with(*roles)

        assert client.get(f"{REQUESTS}export/").status_code == 403
        assert self.export(client).status_code == 403

    def test_goes_on_page_by_page(self, monkeypatch):
        monkeypatch.setattr("common.staff.exports._ROWS_A_PAGE", 2)
        rows = TransactionRequestFactory.create_batch(5)

        pieces = list(export_pages(TransactionRequest.objects.all(), ["id"]))

        ids = b"".join(pieces).decode().split()
        assert ids == ["id", *(str(row.id) for row in reversed(rows))]
        assert len(pieces) == 4

    def test_says_where_it_was_cut(self, monkeypatch):
        monkeypatch.setattr("common.staff.exports.EXPORT_ROWS_MAX", 2)
        TransactionRequestFactory.create_batch(3)

        text = b"".join(export_pages(TransactionRequest.objects.all(), ["id"])).decode()

        assert len(text.split("\r\n")) == 5
        assert "cut after 2 rows" in text


class TestSavedViews:
    SAVE = f"{REQUESTS}views/save/"

    def test_are_kept_used_and_deleted(self, console, superuser):
        console.post(self.SAVE, {"name": "Waiting <b>", "query": "status__exact=pending&p=4"})

        view = SavedView.objects.get()
        assert (view.owner, view.query) == (superuser, "status__exact=pending")
        content = console.get(REQUESTS).content.decode()
        assert 'href="?status__exact=pending"' in content
        assert "Waiting &lt;b&gt;" in content
        console.post(f"{REQUESTS}views/{view.pk}/delete/")
        assert not SavedView.objects.exists()

    def test_are_shared_with_a_role_of_ones_own_only(self):
        user, client = person_with("support", "auditor")
        foreign = Group.objects.get_or_create(name="controller")[0]
        own = user.groups.get(name="auditor")
        for name, group in (("mine", own), ("theirs", foreign)):
            client.post(self.SAVE, {"name": name, "query": "kind=deposit", "group": group.pk})

        assert set(SavedView.objects.values_list("name", "shared_with__name")) == {
            ("mine", "auditor"),
            ("theirs", None),
        }
        assert b">mine<" in person_with("support", "auditor")[1].get(REQUESTS).content
        assert b">mine<" not in person_with("support")[1].get(REQUESTS).content

    def test_belong_to_whoever_made_them(self, console):
        _, client = person_with("support")
        client.post(self.SAVE, {"name": "mine", "query": "kind=deposit"})
        view = SavedView.objects.get()

        assert console.post(f"{REQUESTS}views/{view.pk}/delete/").status_code == 404
        assert SavedView.objects.exists()

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"name": "", "query": "a=b"},
            {"name": "x" * 61, "query": "a=b"},
            {"name": "a\x07b", "query": "a=b"},
            {"name": "a", "query": "x" * 1001},
            {"name": "a", "query": f"q={'é' * 900}"},
            {"name": "a", "query": "p=4"},
        ],
    )
    def test_need_a_name_and_a_query(self, console, sent):
        assert console.post(self.SAVE, sent).status_code == 302
        assert not SavedView.objects.exists()

    def test_are_so_many_at_most_and_can_still_be_changed(self, console, monkeypatch):
        monkeypatch.setattr("common.staff.saved_views.VIEWS_OF_ONE_MAX", 1)

        for name, query in (("a", "kind=deposit"), ("b", "kind=deposit"), ("a", "currency=EUR")):
            console.post(self.SAVE, {"name": name, "query": query})

        assert list(SavedView.objects.values_list("name", "query")) == [("a", "currency=EUR")]

    def test_change_nothing_by_get(self, console):
        assert console.get(self.SAVE, {"name": "a", "query": "b=c"}).status_code == 405
        assert not SavedView.objects.exists()


class TestCommandSearch:
    def found(self, client, term, **more):
        page = client.get(reverse("admin:search"), {"s": term, "extended": "1", **more})
        assert page.status_code == 200
        return page.content.decode()

    def test_finds_people_and_transactions(self, console):
        user = UserFactory(email="erika@example.com", display_name="Erika Muster")
        row = TransactionRequestFactory(user=user, reference="INV-77")
        command = TransactionCommandFactory(transaction=row, status="pending")
        for term in ("erika@", "Erika", str(user.id)):
            assert reverse("admin:identity_user_change", args=[user.id]) in self.found(
                console, term
            )
        for term in ("INV-7", str(row.id), "erika@example.com"):
            assert reverse(
                "admin:submissions_transactionrequest_change", args=[row.id]
            ) in self.found(console, term)
        assert str(command.id) in self.found(console, str(row.id))

    def test_shows_what_one_may_see_only(self):
        row = TransactionRequestFactory(reference="INV-77")
        _, client = person_with()

        assert str(row.id) not in self.found(client, "INV-77")
        assert str(row.id) not in self.found(client, str(row.id))

    def test_is_bounded(self, console):
        TransactionRequestFactory.create_batch(12, request_id="the same")

        assert self.found(console, "the same").count("/change/") == 10

    @pytest.mark.parametrize("page", ["x", "-1", "99999999999999999999"])
    def test_answers_nonsense(self, console, page):
        for term in ("", "\x00", "%", "x" * 5000, "<script>"):
            assert "<script>" not in self.found(console, term, page=page)

    def test_writes_nothing(self, console, django_assert_max_num_queries):
        with django_assert_max_num_queries(QUERIES_MAX) as asked:
            self.found(console, str(uuid7()))
        assert not [one for one in asked if not one["sql"].startswith("SELECT")]


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
class TestAtScale:
    """With a past, which has rows of every kind; the plans are those without reading a table."""

    def test_asks_little_and_reads_no_table(self):
        past = Scale(200, 40, 8, datetime(2026, 3, 1, tzinfo=UTC))
        UsersPast(past, keep_from=past.begins_at).write(on_steps=lambda _: None)
        client = Client()
        client.force_login(UserFactory(staff=True))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            # Small tables are read whole; it is to be seen whether they must be.
            cursor.execute("SET enable_seqscan = off")
        seen: set[str] = set()
        try:
            for address in lists():
                plain = visit(client, address)
                pages = [*filtered(plain), *details(plain), f"{address}?q={uuid7()}"]
                pages += [f"{address}?q=a@example.com", f"{address}?p=last"]
                for page in [plain, *(visit(client, one) for one in pages)]:
                    assert page.status == 200, page.address
                    assert len(page.queries) <= QUERIES_MAX, (page.address, page.queries)
                    assert tables_scanned(page.queries, LARGE, seen) == set(), page.address
                    assert bare_times(page.content) == [], page.address
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET enable_seqscan")

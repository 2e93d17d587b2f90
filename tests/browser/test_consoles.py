"""Both consoles in a real browser: every list, in both themes, without a complaint."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.consoles import SERVICES, desk, sign_in
from tests.browser.watched import accessibility_complaints


def dark(page: Page) -> bool:
    return "dark" in str(page.locator("html").get_attribute("class")).split()


@pytest.mark.parametrize("service", SERVICES)
class TestConsole:
    def test_lets_staff_in_and_out(self, browser, administrators, service):
        at = desk(browser, service)

        sign_in(at, administrators[service])
        expect(at.page.locator("#nav-sidebar-apps")).to_be_visible()
        at.page.locator("form[action$='/admin/logout/']").evaluate("form => form.requestSubmit()")
        expect(at.page.get_by_text("Logged out")).to_be_visible()
        at.opens("/admin/")

        expect(at.page).to_have_url(f"{at.page.url.split('/admin/')[0]}/admin/login/?next=/admin/")
        assert at.watch.complaints == []
        assert accessibility_complaints(at.page) == []
        at.context.close()

    def test_refuses_a_wrong_password_in_words(self, browser, administrators, service):
        at = desk(browser, service)
        at.opens("/admin/login/")

        at.page.locator("#id_username").fill(administrators[service].email)
        at.page.locator("#id_password").fill("not the password")
        at.page.get_by_role("button", name="Log in").click()

        expect(at.page.get_by_text("Please enter the correct")).to_be_visible()
        assert accessibility_complaints(at.page) == []
        at.context.close()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_shows_home_and_every_list_to_everybody(self, sit_down, service, theme):
        at = sit_down(service, color_scheme=theme)
        at.opens("/admin/")
        pages = ["/admin/", *at.sidebar()]

        complaints = []
        for path in dict.fromkeys(pages):
            at.opens(path)
            expect(at.page.locator("h1").first).to_be_visible()
            assert dark(at.page) == (theme == "dark")
            complaints += accessibility_complaints(at.page)

        assert len(pages) > 5
        assert complaints == []

    def test_changes_its_theme_by_a_key_and_keeps_it(self, sit_down, service):
        at = sit_down(service, color_scheme="light")
        at.opens("/admin/")
        assert not dark(at.page)

        at.page.keyboard.press("Control+e")
        at.page.keyboard.press("Control+e")
        expect(at.page.locator("html")).to_have_class("dark")
        at.opens("/admin/")

        assert dark(at.page)

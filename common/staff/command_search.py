"""Ctrl-K: people, transactions and accounts of whole ids and of beginnings, by index, bounded."""

import time
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from common.adminkit import SearchResult, text_visible
from common.staff.lists import Listing
from common.staff.searching import TERM_MAX

FOUND_MAX = 10
"""Rows of one kind at most."""

_PAGES_MAX = 20


def console_search(request: HttpRequest) -> HttpResponse:
    """
    Answer the search of the sidebar, and with `extended` that of Ctrl-K.

    In the place of the theme's own, which remembers answers for minutes, whatever becomes of
    the permissions of who asked, and searches in small letters only.
    """
    began = time.monotonic()
    term = request.GET.get("s", "").strip()
    if not term or len(term) > TERM_MAX:
        return HttpResponse()
    extended = "extended" in request.GET
    found = _pages(request, term)
    if extended:
        found = [*rows_found(request, term), *found]
    results = Paginator(found, len(found) or 1)
    return TemplateResponse(
        request,
        f"unfold/helpers/{'command' if extended else 'search'}_results.html",
        {
            "page_obj": results,
            "results": results.page(1),
            "page_counter": 0,
            "execution_time": time.monotonic() - began,
            "command_show_history": False,
        },
        headers={"HX-Trigger": "search"},
    )


def rows_found(request: HttpRequest, term: str) -> list[SearchResult]:
    """What whoever asks may see of the lists that Ctrl-K looks into."""
    found: list[SearchResult] = []
    for model, listed in admin.site._registry.items():  # noqa: SLF001  Django has no other way
        if not isinstance(listed, Listing) or not listed.found_by_command:
            continue
        if not listed.has_view_permission(request):
            continue
        condition = listed.searched.condition(term)
        if condition is None:
            continue
        options: Any = model._meta  # noqa: SLF001  Django's API
        page = f"admin:{options.app_label}_{options.model_name}_change"
        rows = model._default_manager.filter(condition).order_by("-pk")[:FOUND_MAX]  # noqa: SLF001
        found += [
            SearchResult(
                title=text_visible(str(row)),
                description=str(options.verbose_name),
                link=reverse(page, args=[row.pk]),
                icon="data_object",
            )
            for row in rows
        ]
    return found


def _pages(request: HttpRequest, term: str) -> list[SearchResult]:
    """The lists whose names have the term in them."""
    return [
        SearchResult(
            title=str(model["name"]), description=app["name"], link=model["admin_url"], icon="tag"
        )
        for app in admin.site.get_app_list(request)
        for model in app["models"]
        if term.lower() in str(model["name"]).lower()
    ][:_PAGES_MAX]


admin.site.index_title = "Overview"
admin.site.search = console_search  # type: ignore[attr-defined]  # of the theme's site

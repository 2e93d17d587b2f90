"""Filters and searches of lists that staff keep under a name."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.http.response import HttpResponseRedirect
from django.urls import reverse

from common.staff.models import SavedView
from common.staff.reasons import plain_text_check

VIEWS_SHOWN_MAX = 30
VIEWS_OF_ONE_MAX = 100
_QUERY_MAX = 1000
_PAGE = "p"


class ViewForm(forms.Form):
    """A name, the query of the list, and the role that it is shared with."""

    name = forms.CharField(max_length=60, validators=[plain_text_check])
    query = forms.CharField(max_length=_QUERY_MAX)
    group = forms.IntegerField(required=False)

    def clean_query(self) -> str:
        """As the list itself would write it, always of its first page."""
        query = QueryDict(self.cleaned_data["query"], mutable=True)
        query.pop(_PAGE, None)
        written: str = query.urlencode()  # longer than what was sent, where that was not encoded
        if not 0 < len(written) <= _QUERY_MAX:
            raise forms.ValidationError("There is no filter, or too long a one.", code="invalid")
        return written


def views_of(user: Any, listed: str) -> Sequence[SavedView]:
    """Their own views of a list, and those shared with a role of theirs."""
    shared = Q(shared_with__in=user.groups.values("pk"))
    found = SavedView.objects.filter(Q(owner=user) | shared, listed=listed)
    return list(found.select_related("shared_with").order_by("name", "pk")[:VIEWS_SHOWN_MAX])


def view_save(admin: Any, request: HttpRequest) -> HttpResponse:
    """Keep the query of a list under a name; the same name again is the view's new query."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not admin.has_view_permission(request):
        raise PermissionDenied
    form, user = ViewForm(request.POST), _asker(request)
    page = _list_of(admin)
    if not form.is_valid():
        messages.error(request, "A view needs a name of 1 to 60 characters, and a filter.")
        return HttpResponseRedirect(page)
    name, query = form.cleaned_data["name"], form.cleaned_data["query"]
    others = SavedView.objects.filter(owner=user).exclude(listed=admin.opts.label_lower, name=name)
    if others.count() >= VIEWS_OF_ONE_MAX:
        messages.error(request, f"You have {VIEWS_OF_ONE_MAX} views; delete one first.")
        return HttpResponseRedirect(f"{page}?{query}")
    view, _ = SavedView.objects.update_or_create(
        owner=user,
        listed=admin.opts.label_lower,
        name=name,
        defaults={
            "query": query,
            "shared_with": user.groups.filter(pk=form.cleaned_data["group"]).first(),
        },
    )
    messages.success(request, f"The view {view.name} is kept.")
    return HttpResponseRedirect(f"{page}?{query}")


def view_delete(admin: Any, request: HttpRequest, view_id: int) -> HttpResponse:
    """Forget a view of one's own."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not admin.has_view_permission(request):
        raise PermissionDenied
    deleted, _ = SavedView.objects.filter(
        pk=view_id, owner=_asker(request), listed=admin.opts.label_lower
    ).delete()
    if not deleted:
        raise Http404
    messages.success(request, "The view is deleted.")
    return HttpResponseRedirect(_list_of(admin))


def _asker(request: HttpRequest) -> Any:
    """Who asks; the model differs by service, and nobody comes here without signing in."""
    return request.user


def _list_of(admin: Any) -> str:
    return reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist")

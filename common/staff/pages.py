"""Pages of the consoles that are no list and no row of a model."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone


def page_response(
    model_admin: "ModelAdmin[Any]",
    request: HttpRequest,
    template: str,
    *,
    title: str,
    status: int = 200,
    **context: Any,
) -> TemplateResponse:
    """A page inside of the console, with its sidebar; `as_of` is when it was asked for."""
    request.current_app = model_admin.admin_site.name
    everything = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "as_of": timezone.now(),
        **context,
    }
    return TemplateResponse(request, template, everything, status=status)

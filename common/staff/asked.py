"""What a console's page is asked with: values of its address, which anybody may have typed."""

from django.http import Http404, HttpRequest

_DIGITS_MAX = 18


def number_asked(request: HttpRequest, name: str) -> int | None:
    """A whole number that a bigint holds, None without one. Raises `Http404` for anything else."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise Http404
    return int(text)


def text_asked(request: HttpRequest, name: str) -> str:
    """A text that the database can compare with, empty without one. Raises `Http404` for others."""
    text = request.GET.get(name, "")
    if "\x00" in text:
        raise Http404
    return text

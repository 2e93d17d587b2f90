"""Request bodies: strict JSON of at most 64 KiB in UTF-8, and nothing else."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http.request import HttpHeaders
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

from common.api.errors import PayloadTooLarge
from common.strict_json import NotJson, strict_json_loads


class StrictJSONParser(BaseParser):
    """
    Parses `application/json`; answers 400 with the rule that was broken, 413 or 415.

    Another charset or a coded body is refused, not guessed at: whoever stands between us and the
    client may read it as something else than we do (RFC 8259, section 8.1).
    """

    media_type = "application/json"

    @property
    def size_max(self) -> int:
        """The largest body in bytes; a route that takes more says so in a class of its own."""
        size: int = settings.BODY_SIZE_MAX
        return size

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _check_coding(media_type or "", (parser_context or {})["request"].headers)
        raw = stream.read(self.size_max + 1)
        if len(raw) > self.size_max:
            raise PayloadTooLarge
        try:
            return strict_json_loads(raw, size_max=self.size_max)
        except NotJson as error:
            raise ParseError(str(error)) from None


def _check_coding(content_type: str, headers: HttpHeaders) -> None:
    media_type, parameters = parse_header_parameters(content_type)
    # REST framework would take `*/*` for it.
    if media_type != StrictJSONParser.media_type:
        raise UnsupportedMediaType(content_type[:100])
    if parameters.get("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMediaType(content_type[:100], "Send JSON in UTF-8.")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType(content_type[:100], "Send the body without a content coding.")

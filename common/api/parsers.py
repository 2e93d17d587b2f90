"""Request bodies: strict JSON of at most 64 KiB, and nothing else."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from common.api.errors import PayloadTooLarge
from common.strict_json import NotJson, strict_json_loads


class StrictJSONParser(BaseParser):
    """Parses `application/json`; answers 400 with the rule that was broken, or 413."""

    media_type = "application/json"

    @property
    def size_max(self) -> int:
        """The largest body in bytes; a route that takes more says so in a class of its own."""
        size: int = settings.BODY_SIZE_MAX
        return size

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002  DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002  DRF's signature
    ) -> Any:
        raw = stream.read(self.size_max + 1)
        if len(raw) > self.size_max:
            raise PayloadTooLarge
        try:
            return strict_json_loads(raw, size_max=self.size_max)
        except NotJson as error:
            raise ParseError(str(error)) from None

"""The API's description for tools, made once in a process's life."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


class DescribedOnce(SchemaGenerator):
    """
    Gives everybody the same description.

    To make it takes a second of work, and it is there for whoever asks, as often as they ask.
    """

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002  drf-spectacular's signature
        return _description()


@cache
def _description() -> dict[str, Any]:
    described: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return described

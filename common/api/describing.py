"""The API's description for tools, made and written once in a process's life."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer


class DescribedOnce(SchemaGenerator):
    """
    Gives everybody the same description.

    To make it takes a second of work, and it is there for whoever asks, as often as they ask.
    """

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002  drf-spectacular's signature
        return _description()


def _written_once(renderer: type[BaseRenderer]) -> type[BaseRenderer]:
    """A renderer that keeps what it wrote: for YAML that takes as long as the description."""

    class WrittenOnce(renderer):  # type: ignore[valid-type,misc]  # one for each of the library's
        def render(
            self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
        ) -> Any:
            if data is _description():
                return _written(renderer, accepted_media_type)  # type: ignore[arg-type]  # mypy takes no class for hashable
            return super().render(data, accepted_media_type, renderer_context)

    return WrittenOnce


class DescriptionApi(SpectacularAPIView):
    """The description as YAML or JSON."""

    generator_class = DescribedOnce
    renderer_classes = [_written_once(each) for each in SpectacularAPIView.renderer_classes]  # noqa: RUF012  as REST framework has it


@cache
def _description() -> dict[str, Any]:
    described: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return described


@lru_cache(maxsize=8)  # who asks may say how far JSON is indented
def _written(renderer: Callable[[], BaseRenderer], media_type: str) -> Any:
    return renderer().render(_description(), media_type)

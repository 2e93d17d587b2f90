"""The page of one row with the timeline of its transaction; for the admins of both consoles."""

from typing import Any, NoReturn

from django.conf import settings
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from common.adminkit import ReadOnlyModelAdmin, payload_shown, text_visible
from common.staff.timeline import Timeline, chapters_shown, summary_shown


class TimelineModelAdmin(ReadOnlyModelAdmin):
    """
    Rows whose page begins with a timeline and ends with raw events.

    `timeline` says what is to be shown; `twin_path` where the other console has the same, from
    its `/admin/` on, empty where it has nothing.
    """

    change_form_outer_before_template = "staff/timeline/timeline.html"
    change_form_outer_after_template = "staff/timeline/events.html"

    class Media:
        css = {"all": ["console/timeline.css"]}  # noqa: RUF012  Django's way
        js = ("console/copy.js",)

    def timeline(self, row: Any) -> Timeline:
        """What is known of the row's road."""
        raise NotImplementedError

    def twin_path(self, row: Any) -> str:
        """The same in the other console."""
        raise NotImplementedError

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,
        obj: Model | None = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Add the timeline of the row."""
        timeline, now = self.timeline(obj), timezone.now()
        twin = self.twin_path(obj) if settings.TWIN_CONSOLE_URL else ""
        context |= {
            "summary": summary_shown(timeline.summary),
            "chapters": chapters_shown(timeline.chapters, now=now),
            "tables": timeline.tables,
            "obstacles": [
                each._replace(title=text_visible(each.title), says=text_visible(each.says))
                for each in timeline.obstacles
            ],
            "left_out": timeline.left_out,
            "raw_events": [
                {"title": text_visible(event.title), "data": payload_shown(event.data)}
                for event in timeline.events
            ],
            "twin_name": settings.PEER["NAME"],
            "twin_url": f"{settings.TWIN_CONSOLE_URL}/admin/{twin}" if twin else "",
        }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Read the row once for a page that is looked at: what it offers to do asks for it, too."""
        if request.method != "GET":
            return super().get_object(request, object_id, from_field)
        kept: dict[Any, Any] = request.__dict__.setdefault("timeline_rows", {})
        if object_id not in kept:
            kept[object_id] = super().get_object(request, object_id, from_field)
        return kept[object_id]

    def _get_obj_does_not_exist_redirect(self, *_: Any) -> NoReturn:
        # Django would lead home with a message; a link to what is not there is a dead link.
        raise Http404

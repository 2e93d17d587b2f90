"""Server-sent events as WHATWG's HTML says in section 9.2.6, as far as this API sends them."""

from collections.abc import Iterable, Iterator

STATUS = "status"
MEDIA_TYPE = "text/event-stream"


def data_of_events(lines: Iterable[str], *, name: str = STATUS) -> Iterator[str]:
    """The data of the events of a name. Comments, ids and pauses to keep are left out."""
    event, data = "", list[str]()
    for line in lines:
        member, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data and event == name:
                yield "\n".join(data)
            event, data = "", []
        elif member == "event":
            event = value
        elif member == "data":
            data.append(value)

"""What the docstring of a contract says, in parts."""

import re
from inspect import cleandoc
from typing import NamedTuple

from common.events.contracts import Event
from common.events.topics import SOURCE_BY_TOPIC

_ROAD = re.compile(
    r"Stream: (?P<stream>[^.]+)\. Producer: (?P<producer>[a-z]+)\."
    r" Consumer: (?P<consumer>[a-z]+)(?P<remark>[^.]*)\."
)
_TOPICS = {source.removeprefix("/"): topic for topic, source in SOURCE_BY_TOPIC.items()}


class ContractUndocumented(ValueError):
    """A contract's docstring does not say where the event comes from and where it goes."""


class ContractDoc(NamedTuple):
    """
    A contract in words: what happened, whose stream tells it, who sends it and who reads it.

    `remark` is what the consumer does with it, empty for the usual.
    """

    summary: str
    stream: str
    producer: str
    consumer: str
    remark: str

    @property
    def topic(self) -> str:
        """The topic of the producer's events."""
        return _TOPICS[self.producer]


def contract_doc(event: type[Event]) -> ContractDoc:
    """
    Read an event's docstring: a summary, then `Stream: … Producer: … Consumer: …`.

    Raises `ContractUndocumented` when a part is missing or names a service that is none.
    """
    text = " ".join(cleandoc(event.__dict__.get("__doc__") or "").split())
    road = _ROAD.search(text)
    if road is None or not {road["producer"], road["consumer"]} <= set(_TOPICS):
        raise ContractUndocumented(
            f"the docstring of {event.__name__} must end with"
            " 'Stream: <whose>. Producer: <service>. Consumer: <service>.'"
        )
    return ContractDoc(
        summary=text[: road.start()].strip(),
        stream=road["stream"],
        producer=road["producer"],
        consumer=road["consumer"],
        remark=road["remark"].removeprefix(",").strip(),
    )

"""How many characters the books can hold of an event's texts."""

TEXT_MAX = 100
TRACEPARENT_MAX = 55

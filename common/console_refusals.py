"""What a console refuses with 400, where a page can say more than that."""

from typing import NamedTuple

from django.core.exceptions import BadRequest


class Words(NamedTuple):
    """
    What the page of a refusal says.

    `remedy` is the title of a way on, which leads to `url`; to the same address without its query
    where that is empty. Without a title there is none but to the home page.
    """

    title: str
    text: str
    remedy: str = ""
    url: str = ""


class RefusedInWords(BadRequest):
    """A request of a console that is refused, and why."""

    def __init__(self, words: Words) -> None:
        super().__init__(f"{words.title}: {words.text}")
        self.words = words

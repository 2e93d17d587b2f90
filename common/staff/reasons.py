"""Why staff do something: asked for, and written down."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.adminkit import TextArea
from common.api.fields import is_plain_text
from common.staff.models import REASON_MAX, REASON_MIN

_BREAKS = re.compile(r"[\r\n\t ]+")


def plain_text_check(text: str) -> None:
    """Refuse what nobody would see; raises `ValidationError`."""
    if not is_plain_text(text, prose=True):
        raise ValidationError(
            "Control and invisible characters are not allowed.", code="control_character"
        )


class ReasonField(forms.CharField):
    """A reason of 3 to 500 characters; line ends become spaces."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="Reason",
            help_text="It is kept for good, with your name.",
            min_length=REASON_MIN,
            max_length=REASON_MAX,
            widget=TextArea(attrs={"rows": 3}),
            validators=[plain_text_check],
            **options,
        )

    def to_python(self, value: Any) -> str:
        # Only what a form's text area makes of keys: other characters without a shape are refused.
        return _BREAKS.sub(" ", super().to_python(value) or "").strip()

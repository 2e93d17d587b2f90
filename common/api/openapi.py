"""How common's own classes look in the OpenAPI description."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)

from common.money import AMOUNT_MAX


class TokenAuthenticationScheme(OpenApiAuthenticationExtension):
    """An access token of users, which both services accept."""

    target_class = "common.api.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class MinorUnitsSchema(OpenApiSerializerFieldExtension):
    """An amount: integer minor units."""

    target_class = "common.api.fields.MinorUnitsField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "integer", "minimum": 1, "maximum": AMOUNT_MAX}

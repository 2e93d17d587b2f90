"""The public keys, for whoever verifies our tokens (RFC 7517), and where they are found."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from common.api.problems import problem_response, safe_only
from common.api.token_keys import KeysUnavailable
from users.identity.signing_keys import live_keys

_CACHE_S = 60


@safe_only
def jwks(request: HttpRequest) -> HttpResponse:
    """Every live key; 503 without a key, because nobody should remember an empty list."""
    try:
        keys = live_keys()
    except KeysUnavailable as error:
        return problem_response(request, status=error.status, code=error.code, title=error.title)
    return _kept_for_a_while({"keys": [key.jwk for key in keys]})


@safe_only
def discovery(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """What OpenID Connect Discovery has for whoever verifies tokens."""
    return _kept_for_a_while(discovery_document())


def discovery_document() -> dict[str, Any]:
    """
    Who issues tokens, where the keys are, and what tokens say.

    The members about authorization are missing: nobody signs in by redirects here, and the issuer
    is a name, not an address.
    """
    return {
        "issuer": settings.TOKEN_ISSUER,
        "jwks_uri": f"{settings.PUBLIC_URL}{reverse('jwks')}",
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "role", "typ"],
    }


def _kept_for_a_while(body: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(body)
    response.headers["Cache-Control"] = f"public, max-age={_CACHE_S}"
    return response

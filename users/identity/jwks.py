"""The public keys, for whoever verifies our tokens (RFC 7517)."""

from django.http import HttpRequest, HttpResponse, JsonResponse

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
    response = JsonResponse({"keys": [key.jwk for key in keys]})
    response.headers["Cache-Control"] = f"public, max-age={_CACHE_S}"
    return response

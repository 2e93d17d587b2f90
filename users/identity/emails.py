"""
E-mail addresses in one canonical form, so that no two people share a key (A26, P45).

Unicode folds a dotless i, a long s and the Kelvin sign into ASCII letters, so what only looks
like somebody's address could otherwise become it.
"""

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

_LOCAL_MAX = 64
_ADDRESS_MAX = 254
# The characters that IDNA 2003 and 2008 map to different domains (UTS 46, section 6).
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")

_validate = EmailValidator(allowlist=[])


class AddressInvalid(ValueError):
    """It is not an address that we would send mail to."""


def email_canonical(address: str) -> str:
    """
    Give the one form of an address that we store, compare and send mail to.

    The local part is ASCII, in lower case; the domain is NFKC-casefolded and IDNA-encoded
    (RFC 3490 with nameprep). Raises `AddressInvalid` for other local parts, quoted ones,
    address literals, single-label domains and characters that IDNA versions disagree about.
    """
    local, at, domain = address.rpartition("@")
    if not (at and local.isascii() and len(local) <= _LOCAL_MAX) or '"' in local:
        raise AddressInvalid
    if _DEVIATIONS & set(domain) or len(domain) > _ADDRESS_MAX:
        raise AddressInvalid
    try:
        canonical = f"{local}@{domain.encode('idna').decode('ascii')}".lower()
        _validate(canonical)
    except (UnicodeError, ValidationError):
        raise AddressInvalid from None
    if len(canonical) > _ADDRESS_MAX or domain.startswith("["):
        raise AddressInvalid
    return canonical

"""
Money: integer minor units with an ISO 4217 code.

No floats and no Decimal in storage or on the wire; only `money_display` knows how many digits
a currency shows.
"""

import re

AMOUNT_MAX = 9_007_199_254_740_991
"""The largest amount: 2**53 - 1, exact in every JSON reader."""

# Exponents of ISO 4217 (list one, 2026-01-01). Funds, metals and test codes are left out:
# nobody keeps a wallet in them.
_EXPONENT_BY_DIGITS: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD "
        "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
        "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP "
        "LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
        "NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS "
        "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST "
        "XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}

EXPONENTS: dict[str, int] = {
    code: digits for digits, codes in _EXPONENT_BY_DIGITS.items() for code in codes.split()
}
"""How many digits follow the decimal point, for every currency that clients may name."""


_WRITTEN = re.compile(r"([0-9]{1,16})(?:[.]([0-9]{1,3}))?")


def money_read(text: str, currency: str) -> int:
    """
    Read an amount as people write it: `money_read("1234.5", "EUR")` is `123450`.

    Digits with a point at most; raises `ValueError`, whose text is for people, for anything else,
    for more digits behind the point than the currency has, and for what is no amount.
    """
    exponent = EXPONENTS[currency]
    written = _WRITTEN.fullmatch(text.strip())
    whole, fraction = (written[1], written[2] or "") if written else ("", "")
    if not whole or len(fraction) > exponent:
        example = money_display(125 * 10**exponent // 10, currency).partition(" ")[0]
        raise ValueError(f"Write the amount like {example}, without separators.")
    amount = int(whole + fraction.ljust(exponent, "0"))
    if not 0 < amount <= AMOUNT_MAX:
        raise ValueError("The amount is too small or too large.")
    return amount


def money_display(amount: int, currency: str) -> str:
    """
    Show minor units for people: `money_display(-123456, "EUR")` is `"-1,234.56 EUR"`.

    A currency that is not in the table is shown in minor units, so that a console can show
    whatever a broken event carried.
    """
    exponent = EXPONENTS.get(currency, 0)
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), 10**exponent)
    digits = f"{whole:,}.{fraction:0{exponent}d}" if exponent else f"{whole:,}"
    return f"{sign}{digits} {currency}"

import pytest

from common.money import EXPONENTS, money_display


class TestMoneyDisplay:
    @pytest.mark.parametrize(
        ("amount", "currency", "shown"),
        [
            (0, "EUR", "0.00 EUR"),
            (5, "EUR", "0.05 EUR"),
            (123456, "EUR", "1,234.56 EUR"),
            (-123456, "EUR", "-1,234.56 EUR"),
            (1234, "JPY", "1,234 JPY"),
            (1234567, "KWD", "1,234.567 KWD"),
            (7, "???", "7 ???"),
        ],
    )
    def test_places_the_point_by_the_currency(self, amount, currency, shown):
        assert money_display(amount, currency) == shown


class TestExponents:
    def test_knows_currencies_of_every_exponent_and_names_each_once(self):
        assert (EXPONENTS["JPY"], EXPONENTS["EUR"], EXPONENTS["KWD"]) == (0, 2, 3)
        assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
        assert len(EXPONENTS) > 150

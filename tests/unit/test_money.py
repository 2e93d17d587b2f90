import pytest

from common.money import AMOUNT_MAX, EXPONENTS, money_display, money_read


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


class TestMoneyRead:
    @pytest.mark.parametrize(
        ("written", "currency", "amount"),
        [
            ("12.50", "EUR", 1250),
            (" 12.5 ", "EUR", 1250),
            ("12", "EUR", 1200),
            ("0.01", "EUR", 1),
            ("12", "JPY", 12),
            ("1.234", "KWD", 1234),
            ("90071992547409.91", "EUR", AMOUNT_MAX),
        ],
    )
    def test_reads_what_people_write(self, written, currency, amount):
        assert money_read(written, currency) == amount

    @pytest.mark.parametrize(
        ("written", "currency"),
        [
            *((text, "EUR") for text in ("", "x", "-1", "0", "0.00", ".5", "5.", "1,234", "1.234")),
            *((text, "EUR") for text in ("1e3", "NaN", "1 2", "\u0661", "90071992547409.92")),
            ("1.0", "JPY"),
        ],
    )
    def test_refuses_anything_else(self, written, currency):
        with pytest.raises(ValueError, match="amount"):
            money_read(written, currency)

    def test_shows_how_it_is_written(self):
        with pytest.raises(ValueError, match=r"like 12\.50,"):
            money_read("x", "EUR")


class TestExponents:
    def test_knows_currencies_of_every_exponent_and_names_each_once(self):
        assert (EXPONENTS["JPY"], EXPONENTS["EUR"], EXPONENTS["KWD"]) == (0, 2, 3)
        assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
        assert len(EXPONENTS) > 150

"""The SQL that counts rows into tallies; the same for triggers and for making figures anew."""

TALLY_INSERT = "INSERT INTO hourly_tally (series, hour, currency, label, number, amount)"


def counted(*, rows: str, hour: str, parts: str) -> str:
    """
    A SELECT of tallies: what `rows` come to.

    `rows` selects the column `sign` (1 for a row that is counted, -1 for one that was) and what
    the others name. `hour` is when a row happened. `parts` are rows of VALUES: the series,
    currency, label and amount in which `one` of `rows` counts; without a label it does not.
    """
    return f"""
        SELECT series, {hour}, part.currency, part.label,
            sum(sign) AS number, sum(sign * part.amount) AS amount
        FROM ({rows}) AS one,
            LATERAL (VALUES {parts}) AS part (series, currency, label, amount)
        WHERE part.label IS NOT NULL
        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 OR sum(sign * part.amount) <> 0
    """  # noqa: S608  statements of ours

"""
Triggers count people by status, and sign-ups by the hour; see `common/hourly/models.py`.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

# What was there before; creating a trigger keeps writers out until this commits.
_COUNT = """
INSERT INTO hourly_tally (series, hour, currency, label, number, amount)
        SELECT series, timestamptz '1970-01-01 00:00:00+00', part.currency, part.label,
            sum(sign) AS number, sum(sign * part.amount) AS amount
        FROM (SELECT 1 AS sign, created_at, status FROM user_account) AS one,
            LATERAL (VALUES ('people', '', one.status, 0)) AS part (series, currency, label, amount)
        WHERE part.label IS NOT NULL
        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 OR sum(sign * part.amount) <> 0
    ;

INSERT INTO hourly_tally (series, hour, currency, label, number, amount)
        SELECT series, date_trunc('hour', one.created_at, 'UTC'), part.currency, part.label,
            sum(sign) AS number, sum(sign * part.amount) AS amount
        FROM (SELECT 1 AS sign, created_at, status FROM user_account) AS one,
            LATERAL (VALUES ('sign_ups', '', '', 0)) AS part (series, currency, label, amount)
        WHERE part.label IS NOT NULL
        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 OR sum(sign * part.amount) <> 0
    ;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("hourly", "0001_initial"),
        ("identity", "0005_staff_permissions"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="user_tally_signed_up",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO hourly_tally (series, hour, currency, label, number, amount) VALUES\n        ('sign_ups', date_trunc('hour', NEW.created_at, 'UTC'), '', '', 1, 0),\n        ('people', timestamptz '1970-01-01 00:00:00+00', '', NEW.status, 1, 0);\n    RETURN NULL;\n",
                    hash="d09cb3bf2723233995b5714cc4fcea0f522afbbd",
                    operation="INSERT",
                    pgid="pgtrigger_user_tally_signed_up_b23fa",
                    table="user_account",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="user_tally_moved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."status" IS DISTINCT FROM (NEW."status"))',
                    func="\n    INSERT INTO hourly_tally (series, hour, currency, label, number, amount) VALUES\n        ('people', timestamptz '1970-01-01 00:00:00+00', '', OLD.status, -1, 0),\n        ('people', timestamptz '1970-01-01 00:00:00+00', '', NEW.status, 1, 0);\n    RETURN NULL;\n",
                    hash="903176aede229ac73acaaccadd0ccdc18b89103b",
                    operation="UPDATE",
                    pgid="pgtrigger_user_tally_moved_4e771",
                    table="user_account",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(_COUNT, migrations.RunSQL.noop),
    ]

"""
Triggers count requests by the hour once they have an outcome; those that wait have an index.

See `common/hourly/models.py`.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

# What was there before; creating a trigger keeps writers out until this commits.
_COUNT = """
INSERT INTO hourly_tally (series, hour, currency, label, number, amount)
        SELECT series, date_trunc('hour', one.accepted_at, 'UTC'), part.currency, part.label,
            sum(sign) AS number, sum(sign * part.amount) AS amount
        FROM (SELECT 1 AS sign, accepted_at, settled_at, capture, currency, amount, status, rejection_code FROM transaction_request WHERE status <> 'pending') AS one,
            LATERAL (VALUES
    ('requests', one.currency, one.status, one.amount),
    ('refusals', one.currency, one.rejection_code, one.amount),
    ('latency', '', CASE WHEN one.settled_at IS NOT NULL AND (one.status = 'rejected' OR one.capture = 'automatic')
        THEN to_char(least(ceil(20 * log(greatest(extract(epoch FROM one.settled_at - one.accepted_at)::float8 * 1000, 1))), 180), 'FM000') END, 0)
) AS part (series, currency, label, amount)
        WHERE part.label IS NOT NULL
        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 OR sum(sign * part.amount) <> 0
    ;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("hourly", "0001_initial"),
        ("submissions", "0006_command_proposals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="transactionrequest",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["id"],
                name="transaction_request_pending",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transactionrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="transaction_request_tally_inserted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NOT (NEW.\"status\" = 'pending'))",
                    func="\n    INSERT INTO hourly_tally (series, hour, currency, label, number, amount) \n        SELECT series, date_trunc('hour', one.accepted_at, 'UTC'), part.currency, part.label,\n            sum(sign) AS number, sum(sign * part.amount) AS amount\n        FROM (SELECT 1 AS sign, NEW.accepted_at, NEW.settled_at, NEW.capture, NEW.currency, NEW.amount, NEW.status, NEW.rejection_code) AS one,\n            LATERAL (VALUES \n    ('requests', one.currency, one.status, one.amount),\n    ('refusals', one.currency, one.rejection_code, one.amount),\n    ('latency', '', CASE WHEN one.settled_at IS NOT NULL AND (one.status = 'rejected' OR one.capture = 'automatic')\n        THEN to_char(least(ceil(20 * log(greatest(extract(epoch FROM one.settled_at - one.accepted_at)::float8 * 1000, 1))), 180), 'FM000') END, 0)\n) AS part (series, currency, label, amount)\n        WHERE part.label IS NOT NULL\n        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 OR sum(sign * part.amount) <> 0\n    ;\n    RETURN NULL;\n",
                    hash="819fb2ac7251c292e7591e9a1d2bbd2833e7f082",
                    operation="INSERT",
                    pgid="pgtrigger_transaction_request_tally_inserted_a893a",
                    table="transaction_request",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transactionrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="transaction_request_tally_updated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    INSERT INTO hourly_tally (series, hour, currency, label, number, amount) \n        SELECT series, date_trunc('hour', one.accepted_at, 'UTC'), part.currency, part.label,\n            sum(sign) AS number, sum(sign * part.amount) AS amount\n        FROM (SELECT 1 AS sign, accepted_at, settled_at, capture, currency, amount, status, rejection_code FROM new_rows WHERE status <> 'pending' UNION ALL SELECT -1 AS sign, accepted_at, settled_at, capture, currency, amount, status, rejection_code FROM old_rows WHERE status <> 'pending') AS one,\n            LATERAL (VALUES \n    ('requests', one.currency, one.status, one.amount),\n    ('refusals', one.currency, one.rejection_code, one.amount),\n    ('latency', '', CASE WHEN one.settled_at IS NOT NULL AND (one.status = 'rejected' OR one.capture = 'automatic')\n        THEN to_char(least(ceil(20 * log(greatest(extract(epoch FROM one.settled_at - one.accepted_at)::float8 * 1000, 1))), 180), 'FM000') END, 0)\n) AS part (series, currency, label, amount)\n        WHERE part.label IS NOT NULL\n        GROUP BY 1, 2, 3, 4 HAVING sum(sign) <> 0 OR sum(sign * part.amount) <> 0\n    ;\n    RETURN NULL;\n",
                    hash="9aa5324cbf3d8599896a092956257b2395188209",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_transaction_request_tally_updated_9e8f8",
                    referencing="REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ",
                    table="transaction_request",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(_COUNT, migrations.RunSQL.noop),
    ]

"""
Commands of staff that need four eyes, and what staff may do to transactions from the console.

The application's role adds proposals and decides on them; the triggers keep it from anything else,
and the right to remove them is taken from it. Where the role does not exist (a developer's
database with a single role) there is nothing to take away.
"""

from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models
from psycopg import sql

import common.ids


def rights_take(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001  Django's signature
    role = settings.DATABASE_APPLICATION_ROLE
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None:
            cursor.execute(
                sql.SQL("REVOKE DELETE, TRUNCATE ON command_proposal FROM {role}").format(
                    role=sql.Identifier(role)
                )
            )


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0005_accepted_at_stands_still"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="transactionrequest",
            options={
                "permissions": [
                    ("reverse_transaction", "Can reverse transactions of anybody"),
                    ("void_transaction", "Can void holds of anybody"),
                ],
                "verbose_name": "transaction",
            },
        ),
        migrations.CreateModel(
            name="CommandProposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=common.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[("void", "Void"), ("reverse", "Reverse")], max_length=16
                    ),
                ),
                (
                    "amount",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Minor units; without one, all that remains.",
                        null=True,
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                (
                    "proposed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_reason", models.CharField(blank=True, default="", max_length=500)),
                (
                    "command",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposal",
                        to="submissions.transactioncommand",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="submissions.transactionrequest",
                    ),
                ),
            ],
            options={
                "verbose_name": "proposal",
                "db_table": "command_proposal",
                "permissions": [("decide_proposal", "Can approve and refuse proposals")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "open")),
                        fields=["expires_at"],
                        name="command_proposal_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["open", "approved", "refused", "withdrawn", "expired"])
                        ),
                        name="command_proposal_status_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("transaction",),
                        name="command_proposal_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("type__in", ["void", "reverse"])),
                        name="command_proposal_type_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__isnull", True),
                            models.Q(
                                ("amount__gte", 1),
                                ("amount__lte", 9007199254740991),
                                ("type", "reverse"),
                            ),
                            _connector="OR",
                        ),
                        name="command_proposal_amount_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="command_proposal_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("command__isnull", True),
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("status", "open"),
                            ),
                            models.Q(
                                ("command__isnull", False),
                                ("decided_at__isnull", False),
                                ("status", "approved"),
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            models.Q(
                                ("command__isnull", True),
                                ("decided_at__isnull", False),
                                ("status", "refused"),
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            models.Q(
                                ("command__isnull", True),
                                ("decided_at__isnull", False),
                                ("decided_by", models.F("proposed_by")),
                                ("status", "withdrawn"),
                            ),
                            models.Q(
                                ("command__isnull", True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", True),
                                ("status", "expired"),
                            ),
                            _connector="OR",
                        ),
                        name="command_proposal_decided_by_another",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commandproposal",
            trigger=pgtrigger.compiler.Trigger(
                name="command_proposal_immutable",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."transaction_id" IS DISTINCT FROM (NEW."transaction_id") OR OLD."type" IS DISTINCT FROM (NEW."type") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2202fae81f6d8480e619b8a817a350e0ce085d2c",
                    operation="UPDATE",
                    pgid="pgtrigger_command_proposal_immutable_a986d",
                    table="command_proposal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commandproposal",
            trigger=pgtrigger.compiler.Trigger(
                name="command_proposal_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e9b2394f1b5e3ed2c0866487664fd9675b52fc66",
                    operation="DELETE",
                    pgid="pgtrigger_command_proposal_kept_0205b",
                    table="command_proposal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commandproposal",
            trigger=pgtrigger.compiler.Trigger(
                name="command_proposal_is_not_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'command_proposal is never emptied';",
                    hash="fecd67d21ddd0e82f5fc3e20e3e9a8216eb28d2f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_command_proposal_is_not_truncated_4f3bd",
                    table="command_proposal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="commandproposal",
            trigger=pgtrigger.compiler.Trigger(
                name="command_proposal_decided_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.status <> 'open')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e6ce9e064e82a4bb938240d4a91f4338cffb4932",
                    operation="UPDATE",
                    pgid="pgtrigger_command_proposal_decided_once_53244",
                    table="command_proposal",
                    when="BEFORE",
                ),
            ),
        ),
        # The way back drops the table, and rights with it.
        migrations.RunPython(rights_take, migrations.RunPython.noop),
    ]

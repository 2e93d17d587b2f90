"""What the tests of the transactions service share."""

from django.conf import settings
from django.db import connection
from django.db.models.signals import pre_migrate

_RIGHTS = """
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {role};
"""


def _grant_by_default(**_):
    """What compose/roles.sql does in a real database, before the first table is made."""
    with connection.cursor() as cursor:
        cursor.execute(_RIGHTS.format(role=settings.DATABASE_APPLICATION_ROLE))


pre_migrate.connect(_grant_by_default, dispatch_uid="rights-of-the-application-role")

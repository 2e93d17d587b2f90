"""What the application's role may do in a database of tests: the same as in a real one."""

from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection
from django.db.models.signals import pre_migrate

from common.settings import env

_RIGHTS = """
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO {role};
"""


def _grant(**_):
    """What compose/roles.sql does, before the first table is made."""
    with connection.cursor() as cursor:
        cursor.execute(_RIGHTS.format(role=settings.DATABASE_APPLICATION_ROLE))


def rights_given_by_default():
    """Have the rights given before the first migration of a database, whoever's run it is."""
    pre_migrate.connect(_grant, dispatch_uid="rights-of-the-application-role")


@contextmanager
def as_application(url_variable):
    """A connection as the role that web and consumer run as; it is named in the variable's URL."""
    known = env.db_url(url_variable)
    with psycopg.connect(
        host=known["HOST"],
        port=known["PORT"],
        user=known["USER"],
        password=known["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
        autocommit=True,
    ) as session:
        yield session

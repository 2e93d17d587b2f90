"""
Databases of tests as copies of one that is migrated once for all who run on the same server.

Migrating takes longer than most parts of a run; to copy what it made takes a moment.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db.backends.postgresql import creation

from tests.postgresql.rights import rights_given_by_default

_LOCK = int.from_bytes(b"template")
_FILES = ("common/**/*.py", "{service}/**/*.py", "tests/postgresql/*.py", "requirements/*.txt")


def template_name() -> str:
    """Of a template that everything which migrations read made; other code has another one."""
    service = settings.ROOT_URLCONF.partition(".")[0]
    total = hashlib.sha256()
    for pattern in _FILES:
        for file in sorted(Path(settings.ROOT).glob(pattern.format(service=service))):
            total.update(f"{file.relative_to(settings.ROOT)}\0".encode())
            total.update(file.read_bytes())
    return f"template_{service}_{total.hexdigest()[:16]}"


class DatabaseCreation(creation.DatabaseCreation):
    def create_test_db(
        self,
        verbosity=1,
        autoclobber=False,  # noqa: FBT002  Django's signature
        serialize=False,  # noqa: FBT002  as above; whose rows are put back after a test needs it
        keepdb=False,  # noqa: FBT002  as above
    ):
        """Copy the template, and make it before if nobody has."""
        rights_given_by_default()
        if keepdb or serialize:
            return super().create_test_db(verbosity, autoclobber, serialize, keepdb)
        template = template_name()
        with self._alone() as cursor:
            if not self._database_exists(cursor, template):
                self._make(template, cursor)
        name = self._get_test_db_name()
        self._called(name, TEMPLATE=template)
        self._create_test_db(verbosity, autoclobber)
        self.connection.ensure_connection()
        return name

    @contextmanager
    def _alone(self) -> Iterator[object]:
        """A session that keeps out every other process that wants to make a template."""
        with self._nodb_cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            yield cursor  # the lock ends with the session

    def _make(self, template: str, cursor) -> None:
        """Migrate under another name, so that none who is killed leaves half a template behind."""
        wanted, draft = self.connection.settings_dict["TEST"]["NAME"], f"{template}_draft"
        before = self.connection.settings_dict["NAME"]
        self.connection.settings_dict["TEST"]["NAME"] = draft
        super().create_test_db(verbosity=0, autoclobber=True, serialize=False)
        self.connection.close()
        self._called(before)
        self.connection.settings_dict["TEST"]["NAME"] = wanted
        quoted = self._quote_name(draft), self._quote_name(template)
        cursor.execute("ALTER DATABASE {} RENAME TO {}".format(*quoted))

    def _called(self, name: str, **test: str) -> None:
        """Let the connection be to the database of this name from now on."""
        self.connection.close()
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name
        self.connection.settings_dict["TEST"].update(test)

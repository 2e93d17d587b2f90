"""
A consumer process for tests: `consume_events` on a topic and a database of the test.

The last argument but the command's own: python -m tests.contracts.consuming TOPIC DATABASE …
"""

import os
import sys

TOPIC, DATABASE, *WORDS = sys.argv[1:]

os.environ["DJANGO_SETTINGS_MODULE"] = "transactions.settings.test"

import django  # noqa: E402  after the settings are chosen
from django.conf import settings  # noqa: E402

settings.DATABASES["default"]["NAME"] = DATABASE
django.setup()

from dataclasses import replace  # noqa: E402

from django.core.management import call_command  # noqa: E402

from common.events.topics import SOURCE_BY_TOPIC, USERS_SOURCE  # noqa: E402
from transactions import wiring  # noqa: E402

SOURCE_BY_TOPIC[TOPIC] = USERS_SOURCE
wiring.WIRING = replace(wiring.WIRING, topic=TOPIC, consumer=TOPIC[:50])

call_command("consume_events", *WORDS)

"""Asks Kafka many questions, and waits a little too short or just long enough for the answers."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transactions.settings.test")

import django

django.setup()

from common.kafka import asking  # noqa: E402
from common.kafka.broker import BrokerError  # noqa: E402
from common.kafka.groups import groups_describe  # noqa: E402

QUESTIONS = 400
PATIENCE_S = [n * 0.004 for n in range(1, 21)]

asking._LEAST_S = 0.001
answers = set()
for number in range(QUESTIONS):
    try:
        groups_describe(
            {"users": "transactions.events", "transactions": "users.events"},
            within_s=PATIENCE_S[number % len(PATIENCE_S)],
        )
        answers.add("some were answered")
    except BrokerError:
        answers.add("some not")
sys.stdout.write(", ".join(sorted(answers, reverse=True)))

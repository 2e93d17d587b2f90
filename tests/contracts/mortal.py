"""
A member of a group that a test can kill: it says when it has read something, and stays.

python -m tests.contracts.mortal TOPIC GROUP
"""

import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "transactions.settings.test"

import django

django.setup()

from common.kafka.config import consumer_config  # noqa: E402
from common.kafka.source import KafkaSource  # noqa: E402

TOPIC, GROUP = sys.argv[1:]
source = KafkaSource(consumer_config(group=GROUP, instance_id=""), topic=TOPIC)
while True:
    if records := source.poll(records_max=100, timeout_s=0.5):
        print(len(records), flush=True)

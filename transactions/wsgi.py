"""
Step 9 of the road begins here, too: each web process has one publisher thread.

The server imports this once in every worker, after the fork.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transactions.settings.production")
application = get_wsgi_application()

from common.outbox import publisher  # noqa: E402  needs Django to be set up

publisher.start()

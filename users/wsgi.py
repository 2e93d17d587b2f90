"""
Step 2 of the road begins here: each web process has one publisher thread beside its requests.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "users.settings.production")

application = get_wsgi_application()

from common import held_requests  # noqa: E402  needs the configured applications
from common.outbox import publisher  # noqa: E402  as above

held_requests.ends_by_signal()
publisher.start()

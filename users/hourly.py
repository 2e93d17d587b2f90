"""What the figures by the hour of the users service are made of."""

from users.identity.hourly import PEOPLE_SOURCE, SIGN_UPS_SOURCE
from users.submissions.hourly import SOURCE as REQUESTS_SOURCE

SOURCES = [PEOPLE_SOURCE, SIGN_UPS_SOURCE, REQUESTS_SOURCE]

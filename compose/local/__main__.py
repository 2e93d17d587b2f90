"""The verbs of ./manage_all.sh."""

import sys

from compose.local.verbs import main

sys.exit(main(sys.argv[1:]))

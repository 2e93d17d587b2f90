"""The browser that tests click through the consoles with; it comes from the machine."""

import os
import shutil

ADVICE = "install Chromium (on Debian: apt install chromium), or set CHROMIUM to its program"


def find() -> str | None:
    """Return the program of the machine's Chromium; None where there is none."""
    given = os.environ.get("CHROMIUM")
    return shutil.which(given) if given else shutil.which("chromium")

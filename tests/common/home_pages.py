"""Reads what the home page of a console says."""

import html
import json
import re


def figure(text, title):
    """Value, word and detail of a figure as somebody reads them."""
    found = re.search(rf'<p class="mb-2">{title}</p>(.*?)</(?:a|div)>\s*(?=<|$)', text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def drawn(text, title):
    """What a chart draws: the sum of each of its datasets."""
    canvas = re.search(rf'aria-label="{title}[^"]*"[^>]*data-value="([^"]*)"', text)
    data = json.loads(html.unescape(canvas[1]))
    return {one["label"]: sum(filter(None, one["data"])) for one in data["datasets"]}

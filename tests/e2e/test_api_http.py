"""The walk through docs/api.http does what it says, sent from top to bottom."""

import json
import os
import re
from pathlib import Path
from typing import Any

from common.api_documents.walk import WALK
from common.ids import uuid7
from tests.e2e.client import Caller, anybody, wait_for

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = re.compile(r"\{\{([a-z_]+)\.response\.body\.\$\.([^}]+)\}\}")
MEMBER = re.compile(r"([A-Za-z_]+)|\[(\d+)\]")
UNTIL = {step.name: step.until for step in WALK}


def requests() -> dict[str, str]:
    """Each request of the file by its name."""
    parts = (ROOT / "docs" / "api.http").read_text().split("\n### ")[1:]
    return {re.search(r"# @name (\S+)", part)[1]: part for part in parts}


class Editor:
    """Sends requests as an editor does, and remembers the answers."""

    def __init__(self) -> None:
        self.caller: Caller = anybody()
        self.answers: dict[str, Any] = {}

    def filled(self, text: str) -> str:
        text = text.replace("{{gateway}}", "")
        text = text.replace("{{treasury_password}}", os.environ["DEMO_TREASURY_PASSWORD"])
        text = re.sub(r"\{\{\$guid\}\}", lambda _: str(uuid7()), text)
        return REFERENCE.sub(lambda found: str(self.member(found[1], found[2])), text)

    def member(self, name: str, path: str) -> Any:
        value = self.answers[name]
        for word, number in MEMBER.findall(path):
            value = value[word] if word else value[int(number)]
        return value

    def send(self, name: str, request: str) -> int:
        lines = self.filled(request).splitlines()[2:]
        empty = lines.index("") if "" in lines else len(lines)
        method, path = lines[0].split(" ")
        headers = dict(line.split(": ", 1) for line in lines[1:empty])
        body = "\n".join(lines[empty:]).strip()
        answer = self.caller.call(method, path, headers=headers, content=body or None)
        self.answers[name] = answer.json() if "json" in answer.headers["Content-Type"] else {}
        return answer.status_code


def test_the_walk_does_what_it_says():
    editor, found = Editor(), requests()
    statuses = {}

    for step in WALK:

        def sent(step=step) -> int | None:
            status = editor.send(step.name, found[step.name])
            reached = step.until in (None, editor.answers[step.name].get("status"))
            return status if reached else None

        statuses[step.name] = wait_for(f"{step.name}: {step.until}", sent)

    assert {name for name, status in statuses.items() if status not in (200, 202)} == {"log_out"}
    assert statuses["log_out"] == 401, "allauth says so: nobody is signed in any more"
    assert editor.answers["second_hold"]["status"] == "authorised"
    assert editor.answers["void"]["status"] == "applied"
    assert [one["status"] for one in editor.answers["batch"]["results"]] == [202, 400]
    (line,) = [one for one in editor.answers["statement"]["lines"] if one["kind"] != "deposit"]
    assert line["amount"] == -2000
    assert json.dumps(editor.answers["books"]["journal"])

"""The tutorial happens as it says: the commands are taken from the page itself, only addresses and time-outs differ."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli.stage import find_free_port
from tests.e2e.conftest import Processes, is_up, until

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BOOKHOOK = ".venv/bin/bookhook"


class Reader:
    """Somebody who does what the page says, on ports that are free here and with less patience for Zoho."""

    def __init__(self, folder: Path) -> None:
        sandbox, web = find_free_port(0), find_free_port(0)
        self.page = PAGE.read_text().replace("127.0.0.1:8099", f"127.0.0.1:{sandbox}")
        self.sandbox, self.web = f"http://127.0.0.1:{sandbox}", f"http://127.0.0.1:{web}"
        self.options = {"sandbox": ["--port", str(sandbox)], "web": ["--port", str(web)], "send": ["--url", self.web]}
        environ = {"PATH": os.environ["PATH"], "ZOHO_TIMEOUT_SECONDS": "2"}
        self.processes = Processes(environ, folder)

    def blocks(self, heading: str) -> list[str]:
        """The commands under a heading, block by block."""
        return self.page.split(f"\n## {heading}")[1].split("\n## ")[0].split("```\n")[1::2]

    def block(self, heading: str) -> str:
        """The first commands under a heading."""
        return self.blocks(heading)[0]

    def words(self, line: str) -> list[str]:
        """The words of a command of ours, with where it shall listen or send to."""
        words = shlex.split(line, comments=True)[1:]
        return [*words, *self.options.get(words[0], [])]

    def run(self, line: str) -> str:
        """What a command says; it must succeed."""
        command = [sys.executable, "-m", "cli", *self.words(line)]
        done = subprocess.run(
            command, cwd=self.processes.folder, env=self.processes.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def books(self) -> dict[str, Any]:
        """What the sandbox holds."""
        held: dict[str, Any] = requests.get(f"{self.sandbox}/_sandbox/records", timeout=5).json()
        return held


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reading = Reader(tmp_path)
    yield reading
    reading.processes.end()


def our_commands(block: str) -> list[str]:
    return [line for line in block.splitlines() if line.startswith(BOOKHOOK)]


def with_any_id(text: str) -> list[str]:
    return re.sub(r"ev_[^\"\s]+", "ev_…", text).splitlines()


def test_the_tutorial_happens_as_it_says(reader, tmp_path):
    [(env_file, content)] = re.findall(r"^cat > (\S+) <<END\n(.*)^END$", reader.block("1."), re.M | re.S)
    (tmp_path / env_file).write_text(content)
    for line in our_commands(reader.block("2.")):
        reader.processes.start(*reader.words(line))
    until(lambda: is_up(f"{reader.web}/readyz") and is_up(f"{reader.sandbox}/_sandbox/records"), "all is up")
    assert reader.run(f"{BOOKHOOK} check").endswith("All is well.\n")

    [send] = our_commands(reader.block("3."))
    answers = reader.block("3.").splitlines()[1:]
    assert with_any_id(reader.run(send)) == answers

    look_and_refund(reader)
    approve(reader)
    take_back(reader, doubt(reader))


def look_and_refund(reader: Reader) -> None:
    """Step 4: what became of the order; then a refund of it, and the books agree."""
    looking, refunding = reader.blocks("4.")
    listing, showing = our_commands(looking)
    showing = showing.replace("ev_…", reader.run(listing).split()[0])
    until(lambda: "\n  payment posted 1 " in reader.run(showing), "the payment is posted")
    assert "\n  invoice posted INV-" in reader.run(showing)
    assert "\n  contact posted" in reader.run(showing)

    send, reconcile = our_commands(refunding)
    assert reader.run(send).startswith("202 ")
    until(lambda: len(reader.run(f"{BOOKHOOK} events --state posted").splitlines()) == 2, "the refund is posted")
    assert "1 credit notes, 1 invoices, 1 payments compared" in reader.run(reconcile)


def approve(reader: Reader) -> None:
    """Step 5: an expense waits, is approved and posted."""
    send, listing, word = our_commands(reader.block("5."))
    assert reader.run(send).startswith("200 ")
    until(lambda: reader.run(listing), "the expense waits for approval")
    assert reader.books()["expenses"] == []

    reader.run(word.replace("ev_…", reader.run(listing).split()[0]))
    until(lambda: len(reader.books()["expenses"]) == 1, "the expense is posted")
    until(lambda: len(reader.books()["slack"]) == 2, "Slack is told that it waits, and that it is recorded")


def take_back(reader: Reader, event_id: str) -> None:
    """Step 7: the payment and the invoice of an order are undone."""
    [undo] = our_commands(reader.block("7."))
    reader.run(undo.replace("ev_…", event_id))

    books = reader.books()
    assert {invoice["reference_number"].split()[0]: invoice["status"] for invoice in books["invoices"]} == {
        "#1001": "paid",
        "#2002": "void",
    }
    assert len(books["customerpayments"]) == 1


def doubt(reader: Reader) -> str:
    """Step 6: Zoho saves an invoice and never answers; the id of its event."""
    block = reader.block("6.").replace("\\\n", "")
    [fault] = [shlex.split(line) for line in block.splitlines() if line.startswith("curl ")]
    url = next(word for word in fault if word.startswith("http"))
    requests.post(url, json=json.loads(fault[fault.index("-d") + 1]), timeout=5).raise_for_status()

    [send] = our_commands(block)
    answer = reader.run(send)
    assert answer.startswith("202 ")
    event_id = str(json.loads(answer[4:])["event_id"])

    def shown() -> dict:
        return json.loads(reader.run(f"{BOOKHOOK} show {event_id} --json"))

    until(lambda: shown()["state"] == "posted", "the invoice is found")
    assert any("outcome_unknown" in step["detail"] or step["step"] == "outcome_unknown" for step in shown()["timeline"])
    invoices = reader.books()["invoices"]
    assert sorted(invoice["reference_number"].split()[0] for invoice in invoices) == ["#1001", "#2002"]
    return event_id

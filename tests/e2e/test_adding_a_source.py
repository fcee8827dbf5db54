"""The page about adding a source happens as it says: its commands are run and its files written, in their order."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.examples import find_example, sign
from tests.scene import PUBLIC_URL, settings_for

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-source.md").read_text()
BLOCK = re.compile(r"(?:^`(\S+)`(?:, before `(.+?)`)?:\n\n)?^```[a-z]*\n(.*?)^```$", re.M | re.S)
BOOKHOOK = ".venv/bin/bookhook "


def follow(folder: Path) -> None:
    """Does everything that the page says."""
    for name, before, text in BLOCK.findall(PAGE):
        if name:
            write(folder / name, before, text)
        else:
            run_block(folder, text)


def write(file: Path, before: str, text: str) -> None:
    """Writes the file, or puts the text before the line that begins so."""
    if before:
        assert file.read_text().count(f"\n{before}") == 1
        text = file.read_text().replace(f"\n{before}", f"\n{text}{before}")
    file.write_text(text)


def run_block(folder: Path, text: str) -> None:
    """Runs the commands of a block; what stands below one of ours is what it says, in this order."""
    if BOOKHOOK not in text:
        subprocess.run(text, cwd=folder, shell=True, check=True)  # noqa: S602  what the page tells people to type
        return
    for commands, answers in parts(text):
        *shell, ours = commands
        subprocess.run("\n".join(shell), cwd=folder, shell=True, check=True)  # noqa: S602
        said = bookhook(folder, shlex.split(ours.removeprefix(BOOKHOOK)))
        for answer in answers:
            found = re.search(f"^{re.escape(answer).replace('…', '.*')}", said, re.M)
            assert found, f"after {ours} the page shows {answer!r}, but it says:\n{said}"
            said = said[found.end() :]


def parts(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Commands up to one of ours, and what is shown below it."""
    lines = text.splitlines()
    ends = [index for index, line in enumerate(lines) if line.startswith(BOOKHOOK)]
    start = 0
    for index, end in enumerate(ends):
        following = ends[index + 1] if index + 1 < len(ends) else len(lines)
        yield lines[start : end + 1], lines[end + 1 : following]
        start = following


def bookhook(folder: Path, words: list[str]) -> str:
    environ = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "cli", *words]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def written(tmp_path):
    """The folder of sources as the page leaves it."""
    follow(tmp_path)
    return tmp_path / "sources"


@pytest.fixture
def environ(sandbox, redis_url, written):
    """A deployment that has the page's source, too."""
    own = {"BOOKHOOK_SOURCES": str(written), "FOURTHWALL_WEBHOOK_SECRET": "hush"}
    return settings_for(sandbox.url, redis_url) | own


def test_the_page_happens_as_it_says_and_its_source_posts(hooks, worker, sandbox, deployment):
    source = deployment.sources["fourthwall"]

    for case in ("order_placed", "test", "with_tax"):
        example = find_example(deployment.sources, f"fourthwall/{case}")
        request = sign(source, example, "hush", timestamp=hooks.clock(), public_url=PUBLIC_URL)
        assert hooks.send("fourthwall", request).status_code < 300
    worker.drain()

    [invoice], [payment] = sandbox.invoices, sandbox.customerpayments
    assert (invoice["reference_number"].split()[0], invoice["total"], invoice["status"]) == ("D3XZFWPP", 17.5, "paid")
    assert payment["amount"] == 17.5
    assert sorted(event.state for event in worker.desk.ledger.events.list()) == ["ignored", "parked", "posted"]

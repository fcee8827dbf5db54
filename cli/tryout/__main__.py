"""The process that tries mappings: a script on standard input, a line of JSON for each request on standard output.

It is started by `cli.tryout.room` with nothing in its environment, limits itself, and is killed when its time is
over: a mapping may hold a pattern that never ends.
"""

import json
import os
import sys
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

import simplejson

from cli.dry_run import Stage
from cli.tryout.differences import compare
from cli.tryout.outcomes import outcomes
from cli.tryout.script import Script, read
from console.tryouts import Problem, Request, Version
from mappings import MappingFileErrors, Received, Source
from mappings.loading import read_source
from mappings.places import line_of_complaint

if sys.platform != "win32":
    import resource

MOST_MEMORY_BYTES = 512 * 1024**2
MOST_CPU_SECONDS = 20
MOST_WRITTEN_BYTES = 16 * 1024**2


def main() -> None:
    """Tries what the script says, request by request; ends early, and with 1, when it needs too much memory."""
    _limit_itself()
    try:
        _play(read(sys.stdin.buffer.read()))
    except (MemoryError, RecursionError):
        os._exit(1)  # with as little as may be left


def _limit_itself() -> None:
    if sys.platform != "win32":
        os.nice(10)  # pages and webhooks come first
        for what, most in (
            (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
            (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
            (resource.RLIMIT_FSIZE, 0),
        ):
            _limit(what, most)


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _play(script: Script) -> None:
    stages, problems = [], list[Problem]()
    for version in script.versions:
        whose = "" if version is script.versions[-1] else "as it stands live, "
        try:
            stages.append(_set_stage(script, version))
        except MappingFileErrors as errors:
            problems += [_problem(version, complaint, whose) for complaint in errors.problems]
        except RecursionError:
            problems.append(_problem(version, "mapping: it is nested too deeply", whose))
    _write([asdict(each) for each in problems])
    if not problems:
        _look_at_each(script, stages)


def _look_at_each(script: Script, stages: list[Stage]) -> None:
    written = 0
    for request in script.requests:
        received = _received(request)
        found = [outcomes(stage, version, received) for stage, version in zip(stages, script.versions, strict=True)]
        written += _write(found[0] if len(found) == 1 else compare(*found))
        if written > MOST_WRITTEN_BYTES:
            return


def _received(request: Request) -> Received:
    fetched = json.loads(request.fetched, parse_float=Decimal)
    return Received(request.body, request.headers, fetched, at=request.at)


def _set_stage(script: Script, version: Version) -> Stage:
    source = read_source(Path(script.source), version.mapping, version.patch)
    return Stage(
        source=_as_configured(source, script),
        connection=script.connection,
        options=script.options,
        time_zone=script.time_zone,
        unique_field=script.unique_field,
    )


def _as_configured(source: Source, script: Script) -> Source:
    if script.settings is not None:
        faults = source.option_faults(script.settings)
        if faults:
            raise MappingFileErrors([f"mapping: options.{name}: {fault}" for name, fault in faults.items()], {})
        source = source.with_options(script.settings)
    return source.in_language(script.options.language)


def _problem(version: Version, complaint: str, whose: str) -> Problem:
    where, _, words = complaint.partition(": ")
    text = version.patch if where == "patch" else version.mapping
    return Problem(where, line_of_complaint(text, words), f"{whose}{words}")


def _write(value: object) -> int:
    line = simplejson.dumps(value, use_decimal=True, ensure_ascii=False)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return len(line)


if __name__ == "__main__":
    main()

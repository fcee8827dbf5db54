"""`make bench`: runs the benchmarks, all or those named, and prints one table of what they found.

Wall-clock figures are the machine's: what counts is the ratio to the baseline, which was measured in the same run. With
`--quick` everything is small: it shows that the benchmarks work, not what they measure.
"""

import argparse
import importlib
import time

from benchmarks.table import Row, table
from config.logs import configure_logs

# name: its module, which has `run(*, quick) -> list[Row]`
BENCHMARKS = {
    "quota": "benchmarks.quota",
    "flight": "benchmarks.flight",
    "acknowledge": "benchmarks.acknowledge",
    "growth": "benchmarks.growth",
    "console": "benchmarks.console",
    "startup": "benchmarks.startup",
    "constants": "benchmarks.constants",
}


def main() -> None:
    """Reads the options, runs, prints."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all if left out")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    configure_logs("CRITICAL")
    rows: list[Row] = []
    for name in options.names or BENCHMARKS:
        began = time.monotonic()
        rows += importlib.import_module(BENCHMARKS[name]).run(quick=options.quick)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"\n{table(rows)}")


if __name__ == "__main__":
    main()

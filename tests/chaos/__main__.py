"""`make chaos`: everything at once, for about two minutes; then the books are counted.

Prints one line, `N events, N documents, 0 missing, 0 duplicate, 0 wrong total, slowest recovery S s`, and exits with 0;
or a list of what is wrong, and 1. The seed gives the same orders, faults and kills; their timing is the machine's.
"""

import argparse
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from config.logs import configure_logs
from tests.chaos.plant import PLANTS, plant
from tests.chaos.run import run

EVENTS = 1_600


def main() -> None:
    """Reads the options, runs, and exits with the verdict."""
    options = _options()
    planted = f" PLANT={options.plant}" if options.plant else ""
    print(f"chaos: SEED={options.seed} EVENTS={options.events}{planted}", flush=True)
    configure_logs("CRITICAL")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    # A short path: the address of a Unix socket has little room.
    folder = Path(tempfile.mkdtemp(prefix="bookhook-chaos-"))
    (folder / "code").mkdir()
    is_fine = run(options.seed, options.events, folder, code=plant(options.plant, folder / "code"))
    if is_fine:
        shutil.rmtree(folder)
    else:
        print(f"What every process said is in {folder}")
    sys.exit(0 if is_fine else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="Break everything, then count the books.")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="what is drawn; any by default")
    parser.add_argument("--events", type=int, default=EVENTS, help="how many different requests are sent")
    parser.add_argument("--plant", choices=sorted(PLANTS), help="plant this bug first, to see it caught")
    return parser.parse_args()


if __name__ == "__main__":
    main()

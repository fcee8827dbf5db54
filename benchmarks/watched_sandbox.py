"""`python -m benchmarks.watched_sandbox <port> <file>`: `bookhook sandbox` that writes down when each call came.

A line a call: unix seconds at which it came, method, path and status, parted by spaces.
"""

import sys
import time
from collections.abc import Iterable
from typing import Any, TextIO

from sandbox import make_server


def main(port: int, name: str) -> None:
    """Serves until it is ended."""
    with open(name, "a", buffering=1) as file:
        server = make_server("127.0.0.1", port)
        server.app = _watching(server.app, file)
        server.serve_forever()


def _watching(app: Any, file: TextIO) -> Any:
    def watched(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        came = time.time()

        def answer(status: str, headers: Any, exc_info: Any = None) -> Any:
            file.write(f"{came:.6f} {environ['REQUEST_METHOD']} {environ['PATH_INFO']} {status[:3]}\n")
            return start_response(status, headers, exc_info)

        return app(environ, answer)

    return watched


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

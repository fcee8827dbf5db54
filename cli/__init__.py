"""The `bookhook` command and the composition root: the only place where everything meets."""

import sys

# structlog loads rich wherever it is installed, for tracebacks in colours that our logs never show: a tenth of a start.
# None is how Python is told that a module cannot be imported, which typeshed does not know.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]

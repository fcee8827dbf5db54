"""What is wrong with a deployment, all of it at once."""

from collections.abc import Sequence

from errors import BookhookError


class ConfigError(BookhookError):
    """Raised at start when settings, sources or the machine do not fit; `problems` holds one sentence each.

    Prints as the whole list::

        cannot start: 2 problems
          ZOHO_ORGANIZATION_ID is not set
          REDIS_URL: 'localhost' is not a redis://, rediss:// or unix:// URL
    """

    code = "cannot_start"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        noun = "problem" if len(self.problems) == 1 else "problems"
        super().__init__("\n  ".join([f"cannot start: {len(self.problems)} {noun}", *self.problems]))

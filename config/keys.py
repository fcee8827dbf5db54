"""What a sender's API is asked with."""

import re
from dataclasses import dataclass, field

_VISIBLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A credential: the setting it comes from, its value, and how it is sent (see the mapping's `apis`)."""

    setting: str
    value: str = field(repr=False)
    way: str
    name: str = ""
    prefix: str = ""

    @property
    def fault(self) -> str | None:
        """What is wrong with the value, in words that do not hold it."""
        if self.way == "basic" and ":" not in self.value:
            return "must be user:password"
        return None if _VISIBLE.fullmatch(self.value) else "must be of visible ASCII characters, without spaces"

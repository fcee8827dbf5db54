"""A sender as it is configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.options import ConnectionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One sender, posting to /hooks/<name>. `secrets` is never empty; any of them may have signed a request.

    `secret_setting` is the setting they come from, `place` where the connections' file says so, "" where it does not.
    `settings` are the values of its mapping's options; `credentials` the settings that it reads in place of those its
    mapping names; `patch` is a file to lay over its mapping. `public_url` has no trailing slash. `apis` are addresses
    on this machine that stand for API hosts.
    """

    name: str
    source: str
    secrets: tuple[str, ...] = field(repr=False)
    organization_id: str
    options: ConnectionOptions = field(default_factory=ConnectionOptions)
    secret_setting: str = ""
    place: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    patch: Path | None = None
    public_url: str | None = None
    apis: Mapping[str, str] = field(default_factory=dict)

    def setting_of(self, credential: str) -> str:
        """The name of the setting that holds a credential which the mapping names."""
        return self.credentials.get(credential, credential)

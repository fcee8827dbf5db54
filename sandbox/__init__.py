"""A stateful Zoho Books to run against: the accounts server, the Books API, control routes and a page.

It shares no code with the rest of the project, so that the two cannot be wrong together.
"""

from sandbox.app import create_app
from sandbox.server import make_server

__all__ = ["create_app", "make_server"]

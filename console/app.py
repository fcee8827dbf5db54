"""The console as a WSGI application."""

from urllib.parse import urlsplit

from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from jinja2 import StrictUndefined
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from console import charts, guard, words
from console.entering import come_back, log_in, log_in_elsewhere, log_out
from console.frame import refuse
from console.notices import take_notices
from console.pages import PAGES
from console.services import Services

MOST_FORM_BYTES = 3_000_000
MOST_FIELDS = 10_000


def create_console(services: Services, *, url: str, metrics_token: str | None = None, proxies: int = 0) -> Flask:
    """The console at `url`, its address for browsers (https://console.example.com).

    A monitor that bears `metrics_token` is shown /metrics. So many `proxies` are believed who asks, by X-Forwarded-For.
    """
    address = urlsplit(url)
    app = Flask("console", static_folder="static", template_folder="templates")
    app.config.update(
        CONSOLE_HOST=address.hostname,
        METRICS_TOKEN=metrics_token,
        CONSOLE_URL=url.rstrip("/"),
        SESSION_COOKIE_SECURE=address.scheme == "https",
        MAX_CONTENT_LENGTH=MOST_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_FORM_BYTES,
        MAX_FORM_PARTS=MOST_FIELDS,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["console"] = services
    app.jinja_env.policies["json.dumps_kwargs"] = {}  # fields in the order in which they came and went
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(words.FILTERS, bars=charts.bars)
    app.before_request(guard.check_host)
    app.before_request(guard.check_visitor)
    app.before_request(guard.check_form)
    app.before_request(_look_at_organizations)
    app.after_request(guard.add_headers)
    app.context_processor(_common)
    app.add_url_rule("/login", "login", log_in, methods=["GET", "POST"])
    app.add_url_rule("/login/elsewhere", "log_in_elsewhere", log_in_elsewhere)
    app.add_url_rule("/login/back", "come_back", come_back)
    app.add_url_rule("/logout", "logout", log_out, methods=["POST"])
    app.add_url_rule("/healthz", "healthz", lambda: {"status": "alive"})
    for pages in PAGES:
        app.register_blueprint(pages)
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(RedisError, _without_redis)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    return app


def _look_at_organizations() -> None:
    """Shows pages the organizations as they are now, whoever connected them."""
    if request.endpoint not in guard.PUBLIC:
        guard.services().organizations.look()


def _common() -> dict[str, object]:
    """What every template may use."""
    visitor = g.get("visitor")
    if visitor is None:
        return {"me": None, "csrf_token": "", "notices": []}
    return {
        "me": visitor.person,
        "csrf_token": visitor.session.csrf_token,
        # What a page fetches to follow events shows no notices: they are for the page that is looked at next.
        "notices": []
        if "HX-Request" in request.headers
        else take_notices(guard.services().ledger.redis, visitor.session),
    }


def _refuse(error: HTTPException) -> ResponseReturnValue:
    return refuse(error.code or 500, error.description or error.name)


def _without_redis(error: RedisError) -> ResponseReturnValue:
    g.visitor = None
    return refuse(503, "Redis cannot be reached just now; nothing was changed.")

import json
import logging.config
from decimal import Decimal

import pytest
import structlog

from config.logs import SERVER_LOGGING, configure_logs

pytestmark = pytest.mark.usefixtures("logging_as_before")


def lines(capsys):
    """What has been logged since the last call, line by line."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_step_is_one_json_line_with_time_level_logger_and_facts(capsys):
    configure_logs("INFO")

    structlog.get_logger("worker.jobs").info("posted", zoho_id="42", total=Decimal("1.50"))

    [line] = lines(capsys)
    timestamp = line.pop("timestamp")
    assert timestamp.endswith("Z")
    assert line == {"level": "info", "logger": "worker.jobs", "event": "posted", "zoho_id": "42", "total": "1.50"}


def test_what_is_bound_once_is_in_every_line_of_the_work_also_of_libraries(capsys):
    configure_logs("INFO")

    with structlog.contextvars.bound_contextvars(event_id="e1", connection="shopify"):
        structlog.get_logger("worker").info("posted")
        logging.getLogger("some.library").info("done with %s", "j1")
    structlog.get_logger("worker").info("idle")

    ours, library, after = lines(capsys)
    assert (ours["event_id"], ours["connection"]) == ("e1", "shopify")
    assert (library["event_id"], library["event"], library["logger"]) == ("e1", "done with j1", "some.library")
    assert "event_id" not in after


def test_lines_below_the_level_are_not_written(capsys):
    configure_logs("INFO")

    structlog.get_logger("worker").debug("detail")
    logging.getLogger("urllib3").debug("detail")

    assert lines(capsys) == []


def test_an_exception_is_logged_with_its_traceback_and_without_variables(capsys):
    configure_logs("INFO")

    try:
        card = "4242" * 4
        raise ValueError(f"no customer {len(card)} jane@shop.example")
    except ValueError:
        structlog.get_logger("worker").exception("job_failed")

    [line] = lines(capsys)
    assert line["exception"].splitlines()[-1] == "ValueError: no customer 16 [removed]"
    assert "4242424242424242" not in line["exception"]


def test_what_looks_private_is_removed_from_every_line(capsys):
    configure_logs("INFO")

    structlog.get_logger("worker").info(
        "called", access_token="abc", note="for jane@shop.example", headers={"Cookie": "c"}
    )
    logging.getLogger("requests").warning("POST /oauth/v2/token?refresh_token=%s", "abc")

    ours, library = lines(capsys)
    assert (ours["access_token"], ours["note"], ours["headers"]) == (
        "[removed]",
        "for [removed]",
        {"Cookie": "[removed]"},
    )
    assert library["event"] == "POST /oauth/v2/token?[removed]"


def test_logs_may_be_configured_again_without_doubling_lines(capsys):
    configure_logs("INFO")

    log = structlog.get_logger("worker")
    log.info("one")
    configure_logs("WARNING")
    log.info("two")
    log.warning("three")

    assert [line["event"] for line in lines(capsys)] == ["one", "three"]


def test_for_a_person_lines_are_plain_text(capsys):
    configure_logs("INFO", console=True)

    structlog.get_logger("worker").info("posted", zoho_id="42")

    text = capsys.readouterr().err
    assert "posted" in text
    assert "zoho_id=42" in text


def test_the_web_servers_lines_join_the_others(capsys):
    configure_logs("INFO")

    logging.config.dictConfig(SERVER_LOGGING)

    logging.getLogger("_granian").info("Starting granian")

    assert [line["event"] for line in lines(capsys)] == ["Starting granian"]

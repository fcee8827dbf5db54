"""`bookhook warm`, as people type it."""

import pytest


@pytest.fixture
def customers(sandbox, monkeypatch) -> None:
    """Five customers in Zoho, on three pages."""
    monkeypatch.setattr("zoho.client.PAGE_SIZE", 2)
    for number in range(5):
        person = {"email": f"person{number}@example.com"}
        sandbox.keep_books("POST", "/contacts", {"contact_name": f"Person {number}", "contact_persons": [person]})


def test_it_says_what_it_cost_and_what_is_known_now(run, customers, sandbox):
    result = run("warm")

    assert result.exit_code == 0
    assert result.stdout == (
        "organization 10000001: 3 pages read, a call each; 5 customers known, of which 5 were new to the ledger. "
        "Skipped: none.\n"
    )
    assert sandbox.calls["GET /contacts"] == 3
    assert "0 were new" in run("warm").stdout


def test_when_it_breaks_off_it_says_how_to_go_on(run, customers, sandbox):
    sandbox.fault(on="GET /contacts", do="answer_500", share=0.5, seed=10)  # meets the second call, not the first

    result = run("warm")
    assert result.exit_code == 1
    assert "Zoho failed to answer" in result.stderr
    assert "2 customers known" in result.stderr
    assert "Go on with: bookhook warm --page 2\n" in result.stderr

    sandbox.session.delete(f"{sandbox.url}/_sandbox/faults", timeout=5)
    assert "2 pages read, a call each; 3 customers known, of which 3 were new" in run("warm", "--page", "2").stdout


def test_it_leaves_half_of_the_minute_to_others(run, customers, environ, redis, monkeypatch):
    waited = []

    def pass_time(seconds: float) -> None:
        waited.append(seconds)
        redis.delete("bh:quota:10000001:minute")

    monkeypatch.setattr("cli.warm.time.sleep", pass_time)

    result = run("warm", env={**environ, "ZOHO_CALLS_PER_MINUTE": "4", "ZOHO_QUOTA_HEADROOM": "0"})

    assert "5 customers known" in result.stdout
    assert len(waited) == 1


def test_long_lists_tell_how_far_they_are(run, customers, monkeypatch):
    monkeypatch.setattr("cli.warm.PAGES_BETWEEN_WORDS", 2)

    assert run("warm").stderr == "page 2: 4 customers so far\n"

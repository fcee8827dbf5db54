"""Reports from Zoho: what they add up to, what they cost, and reminders. The clock stands on 28 May 2026."""

import csv
import re
from io import StringIO

import pytest

from console.sheets import as_csv
from tests.bookkeeper import Bookkeeper

RECEIVABLES, CASH, EXPENSES = "GET /invoices", "GET /customerpayments", "GET /expenses"


@pytest.fixture
def bookkeeper(sandbox):
    return Bookkeeper(sandbox)


def rows_of(answer):
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))


def read_when(page):
    return re.search(r"Read <time [^>]*>([^<]+)</time>", page.text)[1]


def click_of(page):
    return re.search(r'name="click" value="([^"]+)"', page.text)[1]


def test_receivables_by_age_and_by_customer(browse, bookkeeper):
    ann, ben = bookkeeper.customer("Ann"), bookkeeper.customer("Ben")
    for due, rate in {"2026-05-28": 1, "2026-05-27": 2, "2026-04-27": 4, "2026-03-28": 8, "2026-02-20": 16}.items():
        bookkeeper.invoice(ann, rate, due=due)
    paid_in_part = bookkeeper.invoice(ben, 132, due="2026-05-01")
    bookkeeper.payment(ben, 100, invoice_id=paid_in_part)
    bookkeeper.invoice(ben, 1000, status="draft")
    bookkeeper.invoice(ben, 1000, status="void")

    told = browse("viewer").get("/reports.json").json

    report = told["report"]
    assert (told["currency"], report["outstanding"], report["overdue"]) == ("USD", "63.00", "62.00")
    assert report["buckets"] == {"current": "1.00", "1-30": "34.00", "31-60": "4.00", "61-90": "8.00", "90+": "16.00"}
    assert [(each["customer"], each["owed"]) for each in report["largest"]] == [("Ben", "32.00"), ("Ann", "31.00")]


def test_only_the_ten_largest_customers_are_shown_and_all_are_in_the_file(browse, bookkeeper):
    for number in range(12):
        bookkeeper.invoice(bookkeeper.customer(f"Customer {number:02}"), 100 + number)

    viewer = browse("viewer")

    report = viewer.get("/reports.json").json["report"]
    assert [each["owed"] for each in report["largest"]] == [f"{rate}.00" for rate in range(111, 101, -1)]
    assert report["customers"] == 12
    header, *rows = rows_of(viewer.get("/reports.csv"))
    assert header == [
        *("Customer", "Current", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days"),
        *("Total", "Currency"),
    ]
    assert len(rows) == 12
    assert rows[-1] == ["Customer 00", "0", "100.00", "0", "0", "0", "100.00", "USD"]


def test_foreign_currencies_are_counted_in_the_organizations_own(browse, bookkeeper):
    eva = bookkeeper.customer("Eva", currency="EUR")
    bookkeeper.invoice(eva, 100, exchange_rate=1.085)
    bookkeeper.payment(eva, 10, exchange_rate=1.2)
    bookkeeper.expense("Office Supplies", 50, currency_id=bookkeeper.currencies["EUR"], exchange_rate=1.1)
    viewer = browse("viewer")

    [late] = viewer.get("/reports/overdue.json").json["invoices"]
    cash = viewer.get("/reports/cash.json").json

    assert (late["owed"], late["balance"], late["currency_code"]) == ("108.50", "100.00", "EUR")
    assert (cash["report"]["invoiced"], cash["report"]["collected"]) == ("108.50", "12.00")
    assert viewer.get("/reports/expenses.json").json["report"]["total"] == "55.00"
    for path in ("/reports", "/reports/overdue", "/reports/cash", "/reports/expenses"):
        assert "All amounts in USD" in viewer.get(path).text


def test_overdue_invoices_are_filtered_and_paged_longest_first(browse, bookkeeper):
    ann, ben = bookkeeper.customer("Ann & Co"), bookkeeper.customer("Ben")
    for number in range(52):
        bookkeeper.invoice(ann, 10 + number, due="2026-05-20")
    bookkeeper.invoice(ben, 5, due="2026-02-20")
    viewer = browse("viewer")

    first, second = (viewer.get(f"/reports/overdue.json?page={number}").json for number in (1, 2))
    ours = viewer.get("/reports/overdue.json?customer=ben&bucket=90%2B").json

    assert (first["count"], first["pages"], len(first["invoices"]), len(second["invoices"])) == (53, 2, 50, 3)
    assert (first["invoices"][0]["customer"], first["invoices"][0]["days_overdue"]) == ("Ben", 97)
    assert [each["customer"] for each in ours["invoices"]] == ["Ben"]
    assert viewer.get("/reports/overdue.json?customer=ben&bucket=1-30").json["invoices"] == []
    assert len(rows_of(viewer.get("/reports/overdue.csv?customer=ann"))) == 53
    assert 'rel="next"' in viewer.get("/reports/overdue").text


def test_a_page_of_overdue_invoices_that_is_not_there_shows_the_last_one(browse, bookkeeper):
    """As after a filter, or a payment, has left fewer than there were."""
    bookkeeper.invoice(bookkeeper.customer("Ben"), 5, due="2026-02-20")
    viewer = browse("viewer")

    told = viewer.get("/reports/overdue.json?customer=ben&page=2").json

    assert (told["page"], told["pages"], len(told["invoices"])) == (1, 1, 1)
    assert viewer.get("/reports/overdue.json?customer=nobody&page=2").json["page"] == 1


def test_revenue_and_cash_of_six_months(browse, bookkeeper):
    ann = bookkeeper.customer("Ann")
    bookkeeper.invoice(ann, 7, date="2025-11-30")
    for date, rate in {"2025-12-01": 10, "2026-03-31": 20, "2026-05-28": 40}.items():
        bookkeeper.invoice(ann, rate, date=date, due="2026-06-30")
    bookkeeper.invoice(ann, 1000, date="2026-05-01", status="draft")
    bookkeeper.payment(ann, 3, date="2025-11-30")
    bookkeeper.payment(ann, 5, date="2026-04-01")
    viewer = browse("viewer")

    report = viewer.get("/reports/cash.json").json["report"]

    assert [each["month"] for each in report["months"]] == [
        *("2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05")
    ]
    assert [each["invoiced"] for each in report["months"]] == ["10.00", "0", "0", "20.00", "0", "40.00"]
    assert [each["collected"] for each in report["months"]] == ["0", "0", "0", "0", "5.00", "0"]
    assert (report["invoiced"], report["collected"]) == ("70.00", "5.00")
    page = viewer.get("/reports/cash").text
    assert page.count("<rect") == 12
    assert "style=" not in page
    assert rows_of(viewer.get("/reports/cash.csv"))[4] == ["2026-03", "20.00", "0", "USD"]


def test_expenses_by_category_of_six_months_or_one(browse, bookkeeper):
    bookkeeper.expense("Office Supplies", 10, date="2026-04-30")
    bookkeeper.expense("Office Supplies", 20)
    bookkeeper.expense("Postage", 25)
    bookkeeper.expense("Postage", 500, date="2025-11-30")
    viewer = browse("viewer")

    everything = viewer.get("/reports/expenses.json").json["report"]
    may = viewer.get("/reports/expenses.json?month=2026-05").json["report"]

    assert list(everything["categories"].items()) == [("Office Supplies", "30.00"), ("Postage", "25.00")]
    assert (list(may["categories"]), may["total"]) == (["Postage", "Office Supplies"], "45.00")
    assert rows_of(viewer.get("/reports/expenses.csv?month=2026-04"))[1:] == [
        ["2026-04", "Office Supplies", "10.00", "USD"]
    ]


@pytest.mark.parametrize(
    ("path", "lists"),
    [
        ("/reports", [RECEIVABLES]),
        ("/reports/overdue", [RECEIVABLES]),
        ("/reports/cash", [RECEIVABLES, CASH]),
        ("/reports/expenses", [EXPENSES]),
    ],
)
def test_a_page_costs_no_call_while_what_was_read_is_fresh(browse, sandbox, clock, path, lists):
    viewer = browse("viewer")

    assert read_when(viewer.get(path)) == "0 seconds ago"
    once = sandbox.calls
    clock.advance(14 * 60)
    assert read_when(viewer.get(path)) == "14 minutes ago"
    viewer.get(f"{path}.json"), viewer.get(f"{path}.csv")
    assert sandbox.calls == once
    clock.advance(61)
    viewer.get(path)

    assert {name: sandbox.calls[name] for name in lists} == {name: 2 * once[name] for name in lists}


def test_refresh_reads_at_once(browse, bookkeeper, services):
    viewer = browse("viewer")
    assert viewer.get("/reports.json").json["report"]["outstanding"] == "0"
    bookkeeper.invoice(bookkeeper.customer("Ann"), 10)
    assert viewer.get("/reports.json").json["report"]["outstanding"] == "0"

    page = viewer.post("/reports/receivables/refresh", {"shown_on": "overdue"})

    assert page.request.path == "/reports/overdue"
    assert viewer.get("/reports.json").json["report"]["outstanding"] == "10.00"
    [deed] = [each for each in services.audit.newest(9) if each.action == "report_refreshed"]
    assert (deed.name, deed.subject) == ("viewer", "receivables")


def test_what_cannot_be_read_anew_is_shown_as_it_was_read_last(browse, bookkeeper, sandbox, clock):
    bookkeeper.invoice(bookkeeper.customer("Ann"), 10)
    viewer = browse("viewer")
    viewer.get("/reports")
    clock.advance(16 * 60)
    sandbox.fault(on=RECEIVABLES, do="answer_500", times=3)

    page = viewer.get("/reports")

    assert 'role="alert"' in page.text
    assert read_when(page) == "16 minutes ago"
    assert "10.00" in page.text


def test_what_was_never_read_says_why(browse, sandbox):
    sandbox.fault(on=RECEIVABLES, do="answer_500", times=9)
    viewer = browse("viewer")

    page, told, file = viewer.get("/reports"), viewer.get("/reports.json"), viewer.get("/reports.csv")

    assert (page.status_code, told.status_code, file.status_code) == (200, 200, 503)
    assert "Not read yet" in page.text
    assert (told.json["report"], told.json["read_at"]) == (None, None)
    assert told.json["trouble"]


def test_a_report_is_read_by_one_at_a_time(browse, redis, sandbox):
    redis.set("bh:report:10000001:receivables:reading", "somebody")
    viewer = browse("viewer")

    told, page, file = viewer.get("/reports.json"), viewer.get("/reports"), viewer.get("/reports.csv")

    assert told.json["progress"] == {"rows": 0, "waits": False}
    assert "Zoho is being read, 0 rows so far." in page.text
    assert (file.status_code, "It is being read" in file.text) == (503, True)
    assert RECEIVABLES not in sandbox.calls


def test_a_reminder_is_sent_once_for_a_click_and_is_on_record(browse, bookkeeper, sandbox, services):
    invoice_id = bookkeeper.invoice(bookkeeper.customer("Ann"), 10)
    operator = browse("operator")
    form = {"click": click_of(operator.get("/reports/overdue"))}

    first = operator.post(f"/reports/overdue/{invoice_id}/remind", form)
    again = operator.post(f"/reports/overdue/{invoice_id}/remind", form)

    assert "Zoho has sent a reminder of INV-000001." in first.text
    assert "taken up already" in again.text
    assert "from here 0 seconds ago" in again.text
    assert [(each["invoice_id"], each["to_mail_ids"]) for each in sandbox.emails] == [(invoice_id, ["ann@example.com"])]
    assert [(deed.name, deed.subject) for deed in services.audit.newest(9) if deed.action == "reminded"] == [
        ("operator", "INV-000001")
    ]
    form = {"click": click_of(operator.get("/reports/overdue"))}
    operator.post(f"/reports/overdue/{invoice_id}/remind", form)
    assert len(sandbox.emails) == 2


def test_a_reminder_of_unknown_outcome_is_not_sent_again_by_itself(browse, bookkeeper, sandbox):
    invoice_id = bookkeeper.invoice(bookkeeper.customer("Ann"), 10)
    operator = browse("operator")
    click = click_of(operator.get("/reports/overdue"))
    sandbox.fault(on="POST /invoices/:id/paymentreminder", do="reset_after_saving")

    page = operator.post(f"/reports/overdue/{invoice_id}/remind", {"click": click})

    assert "Zoho did not say" in page.text
    assert len(sandbox.emails) == 1
    assert sandbox.calls["POST /invoices/:id/paymentreminder"] == 1


def test_a_customer_without_an_address_is_said_so(browse, bookkeeper, sandbox):
    invoice_id = bookkeeper.invoice(bookkeeper.customer("Ann", email=None), 10)
    operator = browse("operator")
    click = click_of(operator.get("/reports/overdue"))

    page = operator.post(f"/reports/overdue/{invoice_id}/remind", {"click": click})

    assert "nobody to send the reminder to" in page.text
    assert sandbox.emails == []


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_who_may_not_operate_sends_no_reminder(browse, bookkeeper, sandbox, role):
    invoice_id = bookkeeper.invoice(bookkeeper.customer("Ann"), 10)
    browser = browse(role)
    assert "Remind" not in browser.get("/reports/overdue").text.replace("reminder", "")

    answer = browser.send(f"/reports/overdue/{invoice_id}/remind", {"click": "c" * 20}, token=browser.token)

    assert answer.status_code == 403
    assert sandbox.emails == []


@pytest.mark.parametrize(
    ("invoice_id", "form", "status"),
    [("77", {"click": "c" * 20}, 404), ("..", {"click": "c" * 20}, 404), ("77", {}, 400)],
)
def test_only_what_was_shown_is_reminded_of(browse, sandbox, invoice_id, form, status):
    operator = browse("operator")
    operator.get("/reports/overdue")

    path = f"/reports/overdue/{invoice_id}/remind"

    assert operator.send(path, form, token=operator.token).status_code == status
    assert sandbox.emails == []


def test_an_organization_that_is_not_here_is_not_found(browse):
    viewer = browse("viewer")

    assert viewer.get("/reports.json?organization=1").status_code == 404
    assert viewer.send("/reports/cash/refresh", {"organization": "1"}, token=viewer.token).status_code == 404


def test_a_file_holds_no_formula_of_somebody_else(browse, bookkeeper):
    bookkeeper.invoice(bookkeeper.customer('=HYPERLINK("http://x.example")'), 10)

    answer = browse("viewer").get("/reports/overdue.csv")

    assert answer.mimetype == "text/csv"
    assert rows_of(answer)[1][1] == '\'=HYPERLINK("http://x.example")'


@pytest.mark.parametrize("begin", list("=+-@\t\r＝"))  # noqa: RUF001  the wide one is meant
def test_whatever_begins_a_formula_is_put_off(begin):
    assert next(csv.reader(StringIO(as_csv([[f"{begin}1", "a=1", -5]]).removeprefix("\ufeff"), newline=""))) == [
        f"'{begin}1",
        "a=1",
        "-5",
    ]

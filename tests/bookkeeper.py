"""What a bookkeeper writes in Zoho by hand, in the first organization."""

from tests.scene import Sandbox


class Bookkeeper:
    """Somebody who writes invoices, payments and expenses in Zoho."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        rows = sandbox.keep_books("GET", "/settings/currencies?per_page=200")["currencies"]
        self.currencies = {row["currency_code"]: row["currency_id"] for row in rows}
        rows = sandbox.keep_books("GET", "/chartofaccounts?per_page=200")["chartofaccounts"]
        self.accounts = {row["account_name"]: row["account_id"] for row in rows}

    def customer(self, name, *, currency="USD", email="ann@example.com"):
        body = {"contact_name": name, "contact_type": "customer", "currency_id": self.currencies[currency]}
        body |= {"contact_persons": [{"email": email, "is_primary_contact": True}]} if email else {}
        return self.sandbox.keep_books("POST", "/contacts", body)["contact"]["contact_id"]

    def invoice(self, customer_id, rate, *, date="2026-02-01", due="2026-05-08", status="sent", **more):
        body = {"customer_id": customer_id, "date": date, "due_date": due, **more}
        body["line_items"] = [{"name": "Hat", "rate": rate, "quantity": 1}]
        invoice = self.sandbox.keep_books("POST", "/invoices", body)["invoice"]
        if status != "draft":
            self.sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/status/{status}")
        return invoice["invoice_id"]

    def payment(self, customer_id, amount, *, date="2026-05-01", invoice_id=None, **more):
        body = {"customer_id": customer_id, "payment_mode": "cash", "amount": amount, "date": date, **more}
        body |= {"invoices": [{"invoice_id": invoice_id, "amount_applied": amount}]} if invoice_id else {}
        self.sandbox.keep_books("POST", "/customerpayments", body)

    def expense(self, account, amount, *, date="2026-05-02", **more):
        body = {"date": date, "account_id": self.accounts[account], "amount": amount, **more}
        body["paid_through_account_id"] = self.accounts["Petty Cash"]
        self.sandbox.keep_books("POST", "/expenses", body)

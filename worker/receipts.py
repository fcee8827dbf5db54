"""The receipt of an expense: put to it after it is posted, so that it stands whatever becomes of its receipt.

A receipt can be seen at the expense, so a doubtful upload is looked for before it is sent again. The file itself is not
kept in the ledger: it came with the event, or is fetched again.
"""

from dataclasses import dataclass, field

from drafts import ReceiptDraft
from ledger.records import DocumentRecord, Event
from outbound import File, ReceiptRefused, recognise
from worker.desk import Desk
from worker.fetching import keepers
from worker.posting import Prepared, Standing
from worker.task import Task
from zoho.protocol import freeze


def attach_receipt(task: Task, once_per: str, receipt: ReceiptDraft, expense: DocumentRecord) -> DocumentRecord:
    """The posted record of the receipt; raises ReceiptRefused, NotFetched, or what the upload raised."""
    known = task.record("receipt", once_per)
    if known is not None and known.state == "posted" and known.zoho_id != expense.zoho_id:
        task.begin_anew("receipt", once_per)  # it was put to an expense that a person has taken back since
    upload = _Upload(task, receipt, expense)
    effect = task.effect(
        "receipt",
        once_per,
        prepare=lambda marker: upload.prepare(),
        send=upload.send,
        look=lambda marker, body: upload.look(),
        read=lambda zoho_id: upload.standing,
    )
    return task.bring_about(effect)


def get_file(desk: Desk, event: Event, receipt: ReceiptDraft) -> File:
    """The file as it came with the event or stands at its address; raises ReceiptRefused, or NotFetched."""
    if receipt.content is not None:
        return recognise(receipt.name or "", receipt.content)
    if receipt.url is None:
        raise ReceiptRefused("neither the file nor its address came with the event")
    hosts = desk.connections[event.connection].options.expenses.receipt_hosts
    return desk.outbound.fetch_file(receipt.url, hosts=hosts, keepers=keepers(desk, event))


@dataclass(slots=True)
class _Upload:
    """One attempt; the file is fetched at most once, and never when what was in doubt is found."""

    task: Task
    receipt: ReceiptDraft
    expense: DocumentRecord
    fetched: File | None = field(default=None, repr=False)

    @property
    def standing(self) -> Standing:
        return Standing(zoho_id=self.expense.zoho_id, url=self.expense.url)

    def prepare(self) -> Prepared | Standing:
        """What is to be sent; what a person put there instead of a file that was refused, stands."""
        try:
            return Prepared(body=freeze({"name": self._file().name}))
        except ReceiptRefused:
            if (standing := self.look()) is None:
                raise
            return standing

    def send(self, body: str, deadline: float) -> Standing:
        file = self._file()
        self.task.books.upload_receipt(
            self._expense_id,
            name=file.name,
            content=file.content,
            media_type=file.media_type,
            deadline=deadline,
        )
        return self.standing

    def look(self) -> Standing | None:
        return self.standing if self.task.books.has_receipt(self._expense_id) else None

    @property
    def _expense_id(self) -> str:
        return self.expense.zoho_id or ""

    def _file(self) -> File:
        self.fetched = self.fetched or get_file(self.task.desk, self.task.event, self.receipt)
        return self.fetched

"""The pages, by subject."""

from console.pages.approvals import pages as approvals
from console.pages.bulk import pages as bulk
from console.pages.comparisons import pages as comparisons
from console.pages.events import pages as events
from console.pages.failures import pages as failures
from console.pages.home import pages as home
from console.pages.mappings import pages as mappings
from console.pages.metrics import pages as metrics
from console.pages.receipts import pages as receipts
from console.pages.reconciled import pages as reconciled
from console.pages.reports import pages as reports
from console.pages.team import pages as team
from console.pages.tryout import pages as tryout
from console.pages.zoho import pages as zoho

PAGES = (
    *(home, metrics, events, failures, bulk, approvals, receipts, reconciled, reports, mappings, tryout, comparisons),
    *(zoho, team),
)

"""What a mapping may use besides the event, from what its connection and organization decide."""

from config.options import ConnectionOptions
from mappings import Options


def mapping_options(options: ConnectionOptions, time_zone: str) -> Options:
    """What a mapping may use besides the event."""
    expenses = options.expenses
    return Options(
        time_zone=time_zone,
        paid_through=expenses.paid_through,
        default_account=expenses.default_account,
        accounts=expenses.accounts,
    )

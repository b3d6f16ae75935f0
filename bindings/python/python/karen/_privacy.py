"""What is kept of people, for programs that block."""

from __future__ import annotations

from collections.abc import Iterator

from . import _native
from ._account_data import Receipt, ReceiptPage
from ._data import size


class Privacy:
    """Everything that is kept of one person, or of a tenant: taken along, and erased."""

    def __init__(self, native: _native.Privacy) -> None:
        self._native = native

    def export(self, tenant: str | None = None) -> Iterator[str]:
        """Everything that is kept of the session's person, a line of JSON each.

        Where a `tenant` is named, of everybody in it, with its roles and its audit log.
        """
        lines: _native.Lines = self._native.export(tenant).wait()
        while hop := lines.next().wait():
            for line in hop:
                yield line

    def erase(self) -> Receipt:
        """Erases everything that is kept of the session's person, and the account."""
        return Receipt._of(self._native.erase().wait())

    def erase_user(self, account: str) -> Receipt:
        """The same for another account of the tenant."""
        return Receipt._of(self._native.erase_user(account).wait())

    def erase_tenant(self, tenant: str) -> Receipt:
        """Erases a tenant with everything that it owns."""
        return Receipt._of(self._native.erase_tenant(tenant).wait())

    def receipts(self, *, after: str | None = None, limit: int = 50) -> ReceiptPage:
        """Receipts of what was asked for in the session's tenant, oldest first; 1 to 200."""
        return ReceiptPage._of(self._native.receipts(after, size(limit)).wait())

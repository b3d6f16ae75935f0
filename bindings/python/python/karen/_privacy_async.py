"""What is kept of people, for programs on asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator

from . import _native as _ext
from ._account_data import Receipt, ReceiptPage
from ._data import size
from ._wait import arrive


class AsyncPrivacy:
    """Everything that is kept of one person, or of a tenant: taken along, and erased."""

    def __init__(self, native: _ext.Privacy) -> None:
        self._native = native

    async def export(self, tenant: str | None = None) -> AsyncIterator[str]:
        """Everything that is kept of the session's person, a line of JSON each.

        Where a `tenant` is named, of everybody in it, with its roles and its audit log.
        """
        lines: _ext.Lines = await arrive(self._native.export(tenant))
        while hop := await arrive(lines.next()):
            for line in hop:
                yield line

    async def erase(self) -> Receipt:
        """Erases everything that is kept of the session's person, and the account."""
        return Receipt._of(await arrive(self._native.erase()))

    async def erase_user(self, account: str) -> Receipt:
        """The same for another account of the tenant."""
        return Receipt._of(await arrive(self._native.erase_user(account)))

    async def erase_tenant(self, tenant: str) -> Receipt:
        """Erases a tenant with everything that it owns."""
        return Receipt._of(await arrive(self._native.erase_tenant(tenant)))

    async def receipts(self, *, after: str | None = None, limit: int = 50) -> ReceiptPage:
        """Receipts of what was asked for in the session's tenant, oldest first; 1 to 200."""
        return ReceiptPage._of(await arrive(self._native.receipts(after, size(limit))))

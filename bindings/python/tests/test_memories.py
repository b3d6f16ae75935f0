"""Memories carried elsewhere, through both APIs."""

from __future__ import annotations

import asyncio

import karen

NOTES: list[karen.Note] = [
    {"text": f"Fact number {n} concerns topic {n}.", "tags": ["t"]} for n in range(250)
]


def test_an_export_is_imported_elsewhere_byte_for_byte() -> None:
    with karen.open(":memory:") as k, karen.open(":memory:") as other:
        me, they = k.session(), other.session()
        assert all(kept.stored for kept in me.memories.remember_all(NOTES))
        lines = list(me.memories.export())
        assert len(lines) == len(NOTES)
        assert they.memories.import_lines(lines) == karen.MemoriesImported(len(NOTES), 0)
        assert list(they.memories.export()) == lines


def test_an_export_can_be_awaited() -> None:
    async def run() -> None:
        async with karen.AsyncKaren(":memory:") as k:
            me = await k.session()
            await me.memories.remember_all(NOTES)
            assert len([line async for line in me.memories.export()]) == len(NOTES)

    asyncio.run(run())


def test_what_was_found_says_why() -> None:
    with karen.open(":memory:") as k:
        me = k.session()
        kept = me.remember("My dog is called Biscuit.", metadata={"shelf": 3}, importance=0.9)
        found = me.memories.search("What is my dog called?", pack_tokens=50)
        assert [item.memory.id for item in found.items] == [kept.id]
        assert "dog" in found.items[0].terms
        assert found.items[0].channels
        assert found.items[0].memory.metadata == {"shelf": 3}
        assert found.pack is not None
        assert found.pack.ids == [kept.id]

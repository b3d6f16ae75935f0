"""Reports and questions in SQL, by DuckDB, which comes as an extra."""

from __future__ import annotations

import asyncio
from importlib.metadata import requires
from pathlib import Path

from conftest import Program

import karen
from karen import _native

KINDS = "SELECT kind, count(*) AS memories FROM memories GROUP BY kind"
# How a program has no DuckDB, where the tests have it.
WITHOUT = """
    import os, sys
    import karen, karen._sync
    sys.path = [p for p in sys.path if not os.path.isdir(os.path.join(p, "duckdb"))]
"""


def test_a_question_is_answered_in_both_apis() -> None:
    with karen.open(":memory:") as k:
        me = k.session()
        me.remember("My dog is called Biscuit.")
        answer = me.memories.ask(KINDS)
        assert answer == karen.MemoryAnswer(["kind", "memories"], [["fact", 1]], False, 0), answer
        for report in me.memories.reports():
            assert me.memories.report(report.name).columns

    async def ask() -> karen.MemoryAnswer:
        async with karen.AsyncKaren(":memory:") as k:
            me = await k.session()
            await me.remember("My dog is called Biscuit.")
            return await me.memories.ask(KINDS)

    assert asyncio.run(ask()) == answer


def test_what_was_recalled_is_counted_across_openings(tmp_path: Path) -> None:
    for expected in (1, 2):
        with karen.open(tmp_path) as k:
            me = k.session()
            me.recall("dog")
            assert me.memories.ask("SELECT sum(recalls) FROM recalls").rows == [[expected]]


def test_duckdb_is_loaded_by_the_first_question_and_by_nothing_before(program: Program) -> None:
    done = program(
        """
        import karen
        def is_loaded():
            with open("/proc/self/maps") as maps:
                return "/_duckdb." in maps.read()
        with karen.open(":memory:") as k:
            me = k.session()
            me.remember("My dog is called Biscuit.")
            me.recall("dog")
            assert not is_loaded()
            me.memories.report("growth")
            assert is_loaded()
        """
    )
    assert done.returncode == 0, done.stderr


def test_a_program_that_uses_duckdb_itself_has_it_once(program: Program) -> None:
    for first, then in (("me.memories.ask(sql)", "duckdb.sql(own)"), ("duckdb.sql(own)", "me.memories.ask(sql)")):
        done = program(
            f"""
            import karen
            own, sql = "SELECT 42 AS n", "SELECT count(*) AS n FROM memories"
            with karen.open(":memory:") as k:
                me = k.session()
                for call in ("{first}", "{then}", "{first}"):
                    if call.startswith("duckdb"):
                        import duckdb
                        assert eval(call).fetchall() == [(42,)]
                    else:
                        assert eval(call).rows == [[0]]
            with open("/proc/self/maps") as maps:
                files = {{line.split()[-1] for line in maps if "/_duckdb." in line}}
            assert len(files) == 1, files
            """
        )
        assert done.returncode == 0, done.stderr


def test_a_child_process_asks_a_karen_of_its_own(program: Program) -> None:
    done = program(
        """
        import os, karen
        with karen.open(":memory:") as k:
            me = k.session()
            me.remember("My dog is called Biscuit.")
            assert me.memories.ask("SELECT count(*) FROM memories").rows == [[1]]
            child = os.fork()
            if child == 0:
                with karen.open(":memory:") as own:
                    rows = own.session().memories.ask("SELECT count(*) FROM memories").rows
                os._exit(0 if rows == [[0]] else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert me.memories.ask("SELECT count(*) FROM memories").rows == [[1]]
        """
    )
    assert done.returncode == 0, done.stderr


def test_without_the_extra_all_else_works_and_a_question_says_what_to_install(
    program: Program,
) -> None:
    done = program(
        WITHOUT
        + """
    with karen.open(":memory:") as k:
        me = k.session()
        me.remember("My dog is called Biscuit.")
        assert me.recall("dog") and me.memories.reports()
        assert k.health().analytics is None
        for ask in (lambda: me.memories.ask("SELECT 1"), lambda: me.memories.report("growth")):
            try:
                ask()
            except karen.UnsupportedError as error:
                assert "pip install 'karen-ai[analytics]'" in str(error), error
            else:
                raise AssertionError("it was answered")
    try:
        karen.open(":memory:", analytics_enabled=True)
    except karen.UnsupportedError as error:
        assert "karen-ai[analytics]" in str(error), error
    else:
        raise AssertionError("it was opened")
    """
    )
    assert done.returncode == 0, done.stderr


def test_a_library_that_is_none_is_a_clear_error(program: Program, tmp_path: Path) -> None:
    nonsense = tmp_path / "_duckdb.so"
    nonsense.write_bytes(b"no library")
    done = program(
        """
        import sys, karen
        from karen import _duckdb
        _duckdb.library = lambda: sys.argv[1]
        with karen.open(":memory:") as k:
            me = k.session()
            for _ in range(2):
                try:
                    me.memories.ask("SELECT 1")
                except karen.UnsupportedError as error:
                    assert sys.argv[1] in str(error), error
                else:
                    raise AssertionError("it was answered")
            assert me.remember("Everything else works.").stored
        """,
        str(nonsense),
    )
    assert done.returncode == 0, done.stderr


def test_the_wheel_needs_no_duckdb_and_offers_it_as_an_extra() -> None:
    assert _native.__file__ is not None
    # What a module that was linked with DuckDB would need.
    assert b"libduckdb.so" not in Path(_native.__file__).read_bytes()
    extras = [need for need in requires("karen-ai") or [] if "analytics" in need]
    assert len(extras) == 1 and extras[0].startswith("duckdb")

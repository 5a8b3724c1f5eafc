"""What growth is taken for, which growth is too fast, and the table of it."""

import pytest
from exo.bench import growth, growth_table, scale, suite
from exo.bench.growth import Growth, Kind, Row
from exo.errors import ExoError
from test_bench_linux import region
from test_command_line import exo

KIND = Kind("areas_map", 64, "")
LINEAR = Kind("areas_fork", 64, "each area is copied")


def grown(empty: float, each: float, power: float) -> Growth:
    """What grows as a power of the number, from n = 64 on."""
    return Growth(tuple(empty + each * (step * 64) ** power for step in growth.STEPS))


@pytest.mark.parametrize("power", [0.5, 1, 1.5, 2])
def test_the_exponent_is_that_of_what_is_added(power):
    assert grown(1000, 100, power).exponent == pytest.approx(power)
    assert grown(0, 100, power).exponent == pytest.approx(power)


def test_the_logarithm_stays_below_the_limit():
    costs = tuple(1000 + 100 * number for number in (0, 6, 8, 10))
    assert 0 < Growth(costs).exponent < growth.LIMIT


def test_a_few_instructions_are_no_growth():
    # One that is linear in the number, but lost below the floor of 400 instructions, or of 3 % of the empty case.
    assert Growth((1000, 1020, 1080, 1320)).exponent == 0
    assert Growth((100_000, 100_150, 100_600, 102_400)).exponent == 0
    # From the floor on it counts: a walk over 16 * 32 executes three instructions for each at least.
    assert Growth((1000, 1096, 1384, 2536)).exponent > growth.LIMIT
    # Cheaper than the empty case, and growing.
    assert Growth((1000, 900, 900, 4000)).exponent > growth.LIMIT
    assert Growth((1000, 900, 800, 700)).exponent == 0


def test_what_is_linear_by_nature_may_be_linear():
    line, square = grown(1000, 10, 1), grown(1000, 10, 2)
    assert Row(KIND, None, line).grows_too_fast and not Row(LINEAR, None, line).grows_too_fast
    assert Row(LINEAR, None, square).grows_too_fast
    assert not Row(KIND, line, None).grows_too_fast  # Linux may be as slow as it likes


def test_a_run_by_rows():
    console = "".join(f"@@OP areas_map@{64 * step} {round} 1 1000\n" for step in growth.STEPS for round in range(2))
    regions = [region(n, 1000 + 10 * n + 5 * (-1) ** n) for n in range(9)]
    run = suite.join(console + "@@OP areas_fork@0 0 1 7\n@@DONE\n", regions, "Exo-OS", [])
    # The cheaper of two rounds each; the other row was not measured as a whole.
    assert growth.of_run(run, [KIND, LINEAR]) == {"areas_map": Growth((1005, 1025, 1045, 1065))}


def test_the_rows_are_those_of_the_program():
    kinds = growth.kinds()
    assert len(kinds) > 50 and len({kind.name for kind in kinds}) == len(kinds)
    assert sum(not kind.linear for kind in kinds) > 50
    assert all(kind.n > 0 for kind in kinds)


ROWS = [Row(KIND, grown(5000, 1, 0.1), grown(1000, 10, 1)), Row(LINEAR, grown(9, 100, 1), grown(5, 50, 1))]


def test_the_table_names_what_grows_too_fast():
    text = growth_table.for_terminal(ROWS)
    assert text.count("TOO FAST") == 1 and "growing too fast: areas_map" in text
    assert "none grows too fast" in growth_table.for_terminal(ROWS[1:])


def test_the_section_takes_the_place_of_the_old_one():
    page = "# Page\n\ntable\n\n## How it was measured\n\n- so\n"
    once = growth_table.put_into(page, growth_table.section(ROWS))
    assert once.index("## Growth") < once.index("## How it was measured") and "| `areas_map` | 64 |" in once
    assert growth_table.put_into(once, growth_table.section(ROWS)) == once
    assert growth_table.section_of(once) == growth_table.section(ROWS) and growth_table.section_of(page) == ""


def test_functions_that_execute_more():
    def rows(**own):
        from collections import Counter
        from exo.bench import profile
        return profile.rows(Counter({(profile.Frame(name, True),): count for name, count in own.items()}))
    lines = scale.differences(rows(walk=100, same=7, less=9), rows(walk=400, same=7, less=1, new=50))
    assert [line.split() for line in lines] == [["+300", "walk:", "100,", "then", "400"], ["+50", "new:", "0,", "then", "50"]]


def test_the_recorded_figures_must_be_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "DATA", str(tmp_path / "scale.json"))
    assert scale._load_linux() == ({}, {})
    (tmp_path / "scale.json").write_text("[1]")
    with pytest.raises(ExoError, match="not what './exo bench scale' writes"):
        scale._load_linux()


def test_a_row_that_is_not_there():
    done = exo("bench", "scale", "--only", "areas_mmap_munmop")
    assert done.returncode != 0 and "no operation is called areas_mmap_munmop; did you mean areas_mmap_munmap" in done.stderr


def test_no_word_is_taken():
    done = exo("bench", "scale", "areas_fork")
    assert done.returncode != 0 and "what is areas_fork?" in done.stderr


"""What is around the machines of `exo test cross` and `hostile`: what is built for them, batches, sums over runs."""

import argparse
import importlib.util

from exo import paths, suites

# Another suite's runner may be there as `run`.
_SPEC = importlib.util.spec_from_file_location("cross_run", paths.in_root("tests", "cross", "run.py"))
cross_run = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(cross_run)

from campaign.guide.guide import Guide
from campaign.machines import tally
from campaign.rules import ordered
from campaign.sequences import seeds
from campaign.sequences.sequence import Call, Sequence

CROSS = next(suite for suite in suites.SUITES if suite.name == "cross")


def test_what_a_campaign_builds():
    assert CROSS.presets_for(["--count", "5"]) == ("release",)
    assert CROSS.presets_for(["--preset", "debug"]) == ("debug",)
    assert CROSS.presets_for(["--preset=debug"]) == ("debug",)
    assert CROSS.presets_for(["--kernel", "an/image.elf", "--descriptions", "calls.json"]) == ()
    assert CROSS.presets_for(["--kernel=image.elf"]) == ()
    assert CROSS.presets_for(["--tally"]) == ()
    assert CROSS.presets_for(["--guided"]) == ("coverage",)


def test_a_kernel_pattern_that_begins_with_a_preset_needs_no_other():
    (kernel,), _ = suites._choose(["kernel"])
    assert kernel.presets_for([]) == kernel.presets_for(["a_started"]) == kernel.presets_for(["release"]) == ("debug", "release")
    assert kernel.presets_for(list(kernel.quick)) == kernel.quick_presets == ("release",)
    assert kernel.presets_for(["debug/q35/a_started"]) == ("debug",)
    assert kernel.presets_for(["kcsan"]) == ("kcsan",)
    assert kernel.presets_for(["--cpus", "4", "debug/q35/"]) == kernel.presets_for(["debug/q35/", "--cpus=4"]) == ("debug",)
    assert kernel.presets_for(["--long", "--cpus", "4"]) == ("debug", "release")


def call(actor, name):
    return Call(actor, 0, name, ())


def test_on_several_cpus_only_sequences_run_whose_outcome_does_not_depend_on_them():
    two = (call(0, "read"), call(1, "write"))
    assert ordered.is_ordered(Sequence(two, area="files"))
    assert not ordered.is_ordered(Sequence(two[:1], area="files")) and not ordered.is_ordered(Sequence(two, area="timers"))
    assert not ordered.is_ordered(Sequence((*two, call(0, "getcpu")))) and not ordered.is_ordered(Sequence((*two, call(0, "alarm"))))
    assert not ordered.is_ordered(Sequence(tuple(call(actor, "read") for actor in range(ordered.MOST_TASKS + 1))))
    odd = Guide(lambda name: Sequence(two if int(name) % 2 else two[:1], name), 100, is_guiding=False, is_wanted=ordered.is_ordered)
    assert [sequence.seed for sequence in odd.batch(3)] == ["101", "103", "105"]


def batches(**options):
    given = argparse.Namespace(count=None, time=None, seed="100", jobs=2, guided=False, kept=False, cpus=1)
    vars(given).update(options)
    return list(cross_run._batches(str, Guide(str, 100, is_guiding=False), given))


def test_a_tree_has_its_own_seeds(tmp_path):
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "main.cpp").write_text("a")
    seen = [seeds.of_sources(str(tmp_path))]
    (tmp_path / "kernel" / "__pycache__").mkdir()
    (tmp_path / "kernel" / "__pycache__" / "cache").write_text("b")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "result").write_text("c")
    assert seeds.of_sources(str(tmp_path)) == seen[0]
    (tmp_path / "kernel" / "main.cpp").write_text("d")
    seen.append(seeds.of_sources(str(tmp_path)))
    (tmp_path / "kernel" / "main.cpp").rename(tmp_path / "kernel" / "boot.cpp")
    seen.append(seeds.of_sources(str(tmp_path)))
    assert len(set(seen)) == 3 and all(0 <= seed < seeds.MOST for seed in seen)


def test_the_fixed_sequences_come_before_new_ones_in_a_run_that_is_told_nothing():
    given = argparse.Namespace(seed=None, count=None, time=None, area="", guided=False, kept=False, jobs=2, cpus=1)
    assert cross_run._is_whole(given)
    for name, value in (("seed", "5"), ("count", 3), ("time", 1.0), ("area", "files"), ("guided", True), ("kept", True), ("cpus", 4)):
        assert not cross_run._is_whole(argparse.Namespace(**{**vars(given), name: value}))
    fixed = [str(number) for number in range(cross_run.MOST_IN_BATCH + 1)]
    found = list(cross_run._batches(str, Guide(str, 100, is_guiding=False), given, fixed))
    assert [len(batch) for batch in found[1:]] == [cross_run.MOST_IN_BATCH, 1, 500, 500] and found[3][0] == "100"


def test_batches_have_each_seed_once_and_keep_all_machines_busy():
    assert batches(count=5) == [["100", "101", "102"], ["103", "104"]]
    assert batches(count=1) == [["100"]]
    large = batches(count=10_000)
    assert [seed for batch in large for seed in batch] == [str(seed) for seed in range(100, 10_100)]
    assert max(len(batch) for batch in large) == cross_run.MOST_IN_BATCH
    assert max(len(batch) for batch in batches(count=10_000, guided=True)) == cross_run.MOST_IN_GUIDED_BATCH


def test_what_is_kept_runs_alone_or_before_new_seeds():
    kept = len(cross_run.kept.read())
    assert [len(batch) for batch in batches(seed=None, kept=True)] == [kept]
    assert [len(batch) for batch in batches(seed=None, count=5)] == [kept, 3, 2]


def test_what_runs_when_all_suites_do():
    chosen, words = suites._choose([])
    assert [suite.name for suite in chosen if suite.has_options] == ["kernel", "cross", "hostile", "census"]
    assert [suite.among_all for suite in chosen if suite.name == "census"] == [("--kept", "--jobs", "1")]
    assert words == []


def test_races_are_looked_for_only_when_named_or_for_long():
    assert "kcsan" not in [suite.name for suite in suites._choose([])[0]]
    with_long = [suite.name for suite in suites._choose([], is_long=True)[0]]
    assert "kcsan" in with_long and "python" not in with_long and "coverage" not in with_long
    (races,), words = suites._choose(["kcsan", "hostile"])
    (command,) = races.commands(words)
    assert command[1].endswith("tests/hostile/run.py") and command[2:6] == ["--preset", "kcsan", "--cpus", "4"]
    kernel = next(suite for suite in suites.SUITES if suite.name == "kernel")
    assert kernel.presets_for(["kcsan"]) == ("kcsan",) and "kcsan" not in kernel.presets_for([])


def test_a_lineage_is_one_sequence():
    assert batches(seed="100.7", count=5) == [["100.7"]]


def test_no_batch_begins_when_the_time_is_over():
    assert batches(time=0.0) == []


def portion(sequences, failures, seconds, **made):
    made_of = tally.Portion()
    made_of.sequences, made_of.failures, made_of.seconds = sequences, failures, seconds
    made_of.made.update(made)
    return made_of


def test_sums_over_runs_and_images(tmp_path):
    path, images = str(tmp_path / "folder" / "tally.json"), [tmp_path / "one.elf", tmp_path / "other.elf"]
    for image in images:
        image.write_text(image.name)
    assert tally.text("cross", path) == "cross has not run yet"
    first = portion(3, 1, 60.0, read=4, write=1)
    first.succeeded.update(read=2)
    for image in images:
        tally.Tally("cross", str(image), path).add(first)
    tally.Tally("cross", str(images[0]), path).add(portion(2, 0, 30.0, read=1))
    tally.Tally("hostile", str(images[0]), path).add(portion(100, 0, 30.0, read=1))
    entries = [entry for entry in tally.read(path).values() if entry["suite"] == "cross"]
    assert sorted(entry["sequences"] for entry in entries) == [3, 5]
    text = tally.text("cross", path)
    assert "together: 8 sequences, 11 calls, 36.4% succeeded, 2 failures, 2.5 minutes" in text
    assert "write 2 (0 succeeded), read 9 (4 succeeded)" in text
    assert "1 that never succeeded: write" in text
    assert "100 sequences, 1 calls, 0 failures, 0.5 minutes" in tally.text("hostile", path)


def test_a_tally_that_was_cut_off_is_begun_anew(tmp_path):
    path, image = tmp_path / "tally.json", tmp_path / "one.elf"
    image.write_text("image")
    path.write_text('{"cross')
    tally.Tally("cross", str(image), str(path)).add(portion(1, 0, 1.0, read=1))
    assert len(tally.read(str(path))) == 1

"""The order of the layers: this tree keeps it, and the checker sees each way to break it."""

import os
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tools"))
import check_layers  # noqa: E402


def tree(tmp_path, files: dict[str, str]) -> str:
    (tmp_path / "kernel").mkdir()
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(tmp_path)


def test_this_tree_keeps_the_order():
    assert check_layers.check(ROOT) == []


def test_downwards_is_allowed(tmp_path):
    assert check_layers.check(tree(tmp_path, {
        "kernel/main.cpp": '#include "posix_x/a.hpp"\n', "kernel/posix_x/a.hpp": '#include "vm/b.hpp"\n#include <span>\n',
        "kernel/vm/b.hpp": '#include "abi/linux/c.hpp"\n#include "utils/absent.hpp"\n', "abi/linux/c.hpp": ""})) == []


@pytest.mark.parametrize("files, message", [
    ({"kernel/vm/a.cpp": '#include "fs/b.hpp"\n', "kernel/fs/b.hpp": ""}, "kernel/vm/a.cpp:1: vm may not include kernel/fs/b.hpp"),
    ({"kernel/vm/a.cpp": '\n#include "../fs/b.hpp"\n', "kernel/fs/b.hpp": ""}, "kernel/vm/a.cpp:2: vm may not"),
    ({"kernel/utils/a.hpp": "#include <arch/b.hpp>\n", "kernel/arch/b.hpp": ""}, "utils may not include"),
    ({"kernel/vm/a.cpp": '#include "arch/x86_64/b.hpp"\n', "kernel/arch/x86_64/b.hpp": ""}, "only arch's own interface"),
    ({"abi/linux/a.hpp": '#include "utils/b.hpp"\n', "kernel/utils/b.hpp": ""}, "abi/ includes nothing"),
    ({"kernel/misc/a.hpp": ""}, "kernel/misc: a folder that is not in the list"),
    ({"kernel/time/a.hpp": '#include "log/b.hpp"\n', "kernel/log/b.hpp": "", "kernel/log/c.hpp": '#include "time/a.hpp"\n'},
     "log includes time, and time includes log"),
    ({"kernel/fs/node/a.hpp": '#include "fs/tree/b.hpp"\n', "kernel/fs/tree/b.hpp": ""}, "fs/node may not include kernel/fs/tree/b.hpp: fs/tree is above"),
    ({"kernel/fs/node/a.hpp": '#include "fs/b.hpp"\n', "kernel/fs/b.hpp": ""}, "kernel/fs/b.hpp: it lies above the folders"),
    ({"kernel/fs/misc/a.hpp": '#include "fs/node/b.hpp"\n', "kernel/fs/node/b.hpp": ""}, "fs/misc is not in the order of fs's folders"),
    ({"kernel/memory/heap/a.hpp": '#include "memory/kasan/b.hpp"\n', "kernel/memory/kasan/b.hpp": "",
      "kernel/memory/kasan/c.cpp": '#include "memory/heap/a.hpp"\n'}, "a circle of folders: memory/heap -> memory/kasan -> memory/heap"),
    ({f"kernel/vm/a{number}.hpp": "" for number in range(30)}, "kernel/vm: 30 files, at most 28"),
    ({"kernel/vm/a.hpp": '#include "b.hpp"\n', "kernel/vm/b.hpp": '#include "vm/a.hpp"\n'}, "a circle of includes"),
])
def test_each_violation_is_seen(tmp_path, files, message):
    problems = check_layers.check(tree(tmp_path, files))
    assert len(problems) == 1 and message in problems[0]

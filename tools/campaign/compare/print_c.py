"""A sequence as a C program for tests/linux: it makes the same calls and prints what they return.

Several actors become processes and threads that take turns. An actor that executes another program is not printed beyond that. Values that
differ between two runs (process ids, times in structures) are for the reader to take out.
"""

from __future__ import annotations

from campaign.compare import normal
from campaign.sequences.sequence import (
    ACTORS, CALL_EXECUTE, CALL_FORK, CALL_GET_WORD, CALL_LOAD, CALL_PEEK, CALL_POKE, CALL_REGISTERS, CALL_SET_WORD, CALL_TYPE, OUT, RESTORER,
    Argument, Buffer, Call, Field, Handler, Leader, Pointer, Process, Result, Sequence)

MOST_SHOWN = 256
_CLONE_VM = 0x100
# Structures with fields that differ between two runs: their bytes are not printed.
_FREE_SHAPES = {structure for structure, _ in normal.FIELDS} | {"timespec", "timeval", "itimerval", "seconds", "tms", "timex"}

_HEAD = """// {title}
#include "check.h"

// What each call returned and wrote; shared, so that all processes see it. `turn` is the place of the next call.
static struct {{
    volatile long result[{count}];
    unsigned char output[{count}][2][64];
    volatile int pid[{actors}];  // of threads: their own
    volatile int process[{actors}];
    volatile int turn;
}}* seen;
"""

_SHOW_BYTES = """
static void show_bytes(const unsigned char* bytes, size_t size) {
    char text[2 * 256 + 1] = "";
    for (size_t i = 0; i < size && i < 256; i++) sprintf(text + 2 * i, "%02x", bytes[i]);
    SAY("    %s", text);
}
"""

_TAKE_TURN = """
// Who has died or waits does not hold the others up for ever.
static void take_turn(int place) {
    for (int i = 0; seen->turn < place && i < 200; i++) nap_ms(1);
}
"""

_THREADS = """
static char stacks[{actors}][65536] __attribute__((aligned(16)));
"""

_BOX = """
static void make_box(void) {
    static const char* const NAMES[] = {"a", "b", "d", "d/c", "d/e", "l", "m", "p", "."};
    const struct timespec times[2] = {{1000000000, 5}, {1100000000, 7}};
    char text[5001] = "";
    for (int i = 0; i < 5000; i++) text[i] = 'a' + i % 23;
    make_file("b", text, 0644);
    text[100] = 0;
    make_file("a", text, 0644);
    text[10] = 0;
    mkdir("d", 0755);
    make_file("d/c", text, 0644);
    mkdir("d/e", 0700);
    symlink("a", "l");
    symlink("d/none", "m");
    mkfifo("p", 0644);
    for (unsigned i = 0; i < ARRAY_SIZE(NAMES); i++) utimensat(AT_FDCWD, NAMES[i], times, AT_SYMLINK_NOFOLLOW);
}

static void show_tree(char* path) {
    struct dirent** entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    const size_t length = strlen(path);
    for (int i = 0; i < count; i++) {
        struct stat status;
        const char* name = entries[i]->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || length + strlen(name) > 4000) continue;
        sprintf(path + length, "/%s", name);
        if (lstat(path, &status) == 0)
            SAY("%s %o links %d %d:%d size %ld blocks %ld", path, status.st_mode, (int)status.st_nlink, (int)status.st_uid,
                (int)status.st_gid, (long)status.st_size, (long)status.st_blocks);
        if (S_ISDIR(status.st_mode)) show_tree(path);
        path[length] = 0;
    }
}
"""

_MAIN = """
int main(void) {
    seen = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    umask(022);
    make_box();
    run_0();
    char path[4096] = ".";
    show_tree(path);
    return done();
}
"""

_MEMORY = """
static long peek(const volatile unsigned char* at, size_t size) {
    long sum = 0;
    for (size_t i = 0; i < size; i++) sum = sum * 31 + at[i];
    return sum & 0x7fffffff;
}

static long poke(volatile unsigned char* at, size_t size, int value) {
    for (size_t i = 0; i < size; i++) at[i] = value;
    return 0;
}
"""

_TYPE = """
static long type_text(int fd, const unsigned char* text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (ioctl(fd, TIOCSTI, text + i) != 0) return -1;
    return size;
}
"""


class _Printer:
    def __init__(self, sequence: Sequence, waiting: frozenset[int]) -> None:
        self.sequence = sequence
        self.waiting = waiting
        children = {call.arguments[0] for call in sequence.calls if _shares_memory(call)}
        self.actors = sorted({call.actor for call in sequence.calls} | {0} | children)
        self.kept = {value.call for call in sequence.calls for value in _values(call) if isinstance(value, Field)}

    def text(self, title: str) -> str:
        numbers = {call.number for call in self.sequence.calls}
        actors = "\n".join(self._actor(actor) for actor in reversed(self.actors))
        parts = [_HEAD.format(title=title, count=max(len(self.sequence.calls), 1), actors=ACTORS)]
        if "show_bytes(" in actors:
            parts.append(_SHOW_BYTES)
        if "take_turn(" in actors:
            parts.append(_TAKE_TURN)
        if numbers & {CALL_PEEK, CALL_POKE}:
            parts.append(_MEMORY)
        if CALL_TYPE in numbers:
            parts.append(_TYPE)
        if any(_shares_memory(call) for call in self.sequence.calls):
            parts.append(_THREADS.format(actors=ACTORS))
            parts += [f"static int begin_{actor}(void* unused);\n" for actor in self.actors if actor]
        return "".join([*parts, *self._handlers(), _BOX, actors, _MAIN])

    def _handlers(self) -> list[str]:
        used = {value.number for call in self.sequence.calls for value in _values(call) if isinstance(value, Handler)}
        handlers = [f'\nstatic void handler_{number}(int signal_number) {{\n    SAY("signal %d in handler {number}", signal_number);\n'
                    "    if (signal_number == SIGSEGV || signal_number == SIGBUS) signal(signal_number, SIG_DFL);\n}\n"
                    for number in sorted(used - {RESTORER})]
        if RESTORER in used:
            handlers.append('\n__attribute__((naked)) static void restorer(void) { asm("mov $15, %eax\\n\\tsyscall"); }\n')
        return handlers

    def _actor(self, actor: int) -> str:
        lines = [f"\nstatic void run_{actor}(void) {{", f"    seen->pid[{actor}] = (int)syscall(SYS_gettid);",
                 f"    seen->process[{actor}] = getpid();"]
        for index, call in enumerate(self.sequence.calls):
            if call.actor == actor:
                lines += ["    " + line for line in self._call(index, call)]
        lines.append("}")
        if actor:
            lines += [f"\n__attribute__((unused)) static int begin_{actor}(void* unused) {{", "    (void)unused;", f"    run_{actor}();",
                      "    syscall(SYS_exit, 0);", "    return 0;", "}"]
        return "\n".join(lines)

    def _call(self, index: int, call: Call) -> list[str]:
        takes_turns = len(self.actors) > 1
        lines = [f"take_turn({index});"] if takes_turns else []
        if call.number == CALL_FORK:
            return [*lines, *self._fork(index, call)]
        pass_on = [f"seen->turn = {index + 1};"] if takes_turns else []
        buffers = call.buffers()
        body = [f"unsigned char b{place}[{max(buffer.length, 1)}] = {_bytes(buffer.data[:buffer.length])};"
                for place, buffer in enumerate(buffers)]
        body += [f"*(long*)(b{place} + {offset}) = {_argument(value)};"
                 for place, buffer in enumerate(buffers) for offset, value in buffer.pointers]
        if index in self.waiting:
            body, pass_on = body + pass_on, []
        body.append(f"seen->result[{index}] = {_made(call)};")
        body.append(f'SAY("#{index} {call.name} %s", seen->result[{index}] == -1 ? error_name(errno) : "ok");')
        for place, buffer in enumerate(buffers):
            if index in self.kept and place < 2:
                body.append(f"memcpy(seen->output[{index}][{place}], b{place}, {min(buffer.length, 64)});")
            if buffer.direction & OUT and 0 < buffer.length <= MOST_SHOWN and buffer.shape not in _FREE_SHAPES:
                body.append(f"show_bytes(b{place}, {buffer.length});")
        return [*lines, "{", *("    " + line for line in body + pass_on), "}"]

    def _fork(self, index: int, call: Call) -> list[str]:
        child, kind, flags = call.arguments[:3]
        if _shares_memory(call):
            words = [_argument(value) for value in (*call.arguments[3:], 0, 0, 0)[:3]]
            made = (f"clone(begin_{child}, stacks[{child}] + sizeof(stacks[0]), {flags:#x}, NULL, (void*){words[0]}, (void*){words[2]}, "
                    f"(void*){words[1]})")
            return [f"seen->turn = {index + 1};", f"seen->result[{index}] = {made};", f'SAY("#{index} clone %d", seen->result[{index}] > 0);']
        if kind == 3:  # a structure: for the reader to write
            return [f"// #{index}: clone3 with {flags}"[:200], f"seen->turn = {index + 1};"]
        made = {0: "fork()", 1: "vfork()"}.get(kind, f"syscall(SYS_clone, {flags:#x}l, 0l, 0l, 0l, 0l)")
        body = f"run_{child}(); " if child in self.actors else ""
        first = f"seen->turn = {index + 1};"
        return [first, f"seen->result[{index}] = {made};", f"if (seen->result[{index}] == 0) {{ {body}_exit(0); }}",
                f'SAY("#{index} fork %d", seen->result[{index}] > 0);']


def _shares_memory(call: Call) -> bool:
    """The child runs on a stack of its own."""
    return call.number == CALL_FORK and call.arguments[1] == 2 and bool(call.arguments[2] & _CLONE_VM)


def _values(call: Call):
    for argument in call.arguments:
        yield argument
    for buffer in call.buffers():
        for _, value in buffer.pointers:
            yield value


def _made(call: Call) -> str:
    place, words = 0, []
    for value in call.arguments:
        if isinstance(value, Buffer):
            words.append(f"b{place}")
            place += 1
        else:
            words.append(_argument(value))
    if call.number == CALL_PEEK:
        return f"peek((void*){words[0]}, {words[1]})"
    if call.number == CALL_POKE:
        return f"poke((void*){words[0]}, {words[1]}, {words[2]})"
    if call.number == CALL_GET_WORD:
        return f"*(volatile int*){words[0]}"
    if call.number == CALL_SET_WORD:
        return f"*(volatile int*){words[0]} = (int)({words[1]} | {words[2]})"
    if call.number == CALL_LOAD:
        return f"(memcpy((void*){words[0]}, {words[1]}, {words[2]}), 0)"
    if call.number == CALL_TYPE:
        return f"type_text({', '.join(words)})"
    if call.number in (CALL_REGISTERS, CALL_EXECUTE):
        return "0"
    return f"syscall({', '.join([f'{call.number} /* {call.name} */', *words])})"


def _argument(value: Argument) -> str:
    match value:
        case Result(call, plus):
            return f"seen->result[{call}]" + (f" + {plus:#x}l" if plus else "")
        case Field(call, output, offset):
            return f"(long)*(int*)(seen->output[{call}][{output}] + {offset})"
        case Handler(number):
            return "(long)restorer" if number == RESTORER else f"(long)handler_{number}"
        case Process(actor, is_group, high):
            return f"{'-' if is_group else ''}(long)seen->pid[{actor}]" + (f" + ({high:#x}l << 32)" if high else "")
        case Leader(actor):
            return f"(long)seen->process[{actor}]"
        case Pointer(buffer, plus):
            return f"(long)b{buffer}" + (f" + {plus}" if plus else "")
        case _:
            number = value if value < 1 << 63 else value - (1 << 64)
            return f"{number}l" if abs(number) < 1 << 16 else f"{value:#x}l"


def _bytes(data: bytes) -> str:
    return "{" + (", ".join(str(byte) for byte in data) or "0") + "}"


def program(sequence: Sequence, title: str, waiting: frozenset[int] = frozenset()) -> str:
    """`waiting`: the places of the calls that wait for what others do later."""
    return _Printer(sequence, waiting).text(title)

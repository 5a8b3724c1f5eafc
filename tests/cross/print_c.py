"""A sequence as a C program for tests/linux: it makes the same calls and prints what they return.

Several actors become processes that take turns: each waits on a pipe until the one before it has made its call.
"""

from __future__ import annotations

import errno

from sequence import (CALL_FORK, CALL_PEEK, CALL_POKE, CALL_REGISTERS, OUT, RESTORER, Argument, Buffer, Call, Field, Handler,
                      Pointer, Process, Result, Sequence)

_ADDRESS_BITS = 1 << 62

_HEAD = """// {title}
#include "check.h"

// What each call returned. Shared, so that all processes see it; `turn` says whose call is next.
static struct {{
    volatile long result[{count}];
    volatile int pid[4];
    volatile int turn;
}} *seen;
"""

_BOX = """
static void make_box(void) {
    make_file("a", "abcdefghij", 0644);
    make_file("b", "abcdefghij", 0644);
    mkdir("d", 0755);
    make_file("d/c", "abcdefghij", 0644);
    mkdir("d/e", 0700);
    symlink("a", "l");
    symlink("d/none", "m");
    mkfifo("p", 0644);
}
"""


class _Printer:
    def __init__(self, sequence: Sequence) -> None:
        self.sequence = sequence
        self.actors = sorted({call.actor for call in sequence.calls} | {0})

    def text(self, title: str) -> str:
        lines = [_HEAD.format(title=title, count=max(len(self.sequence.calls), 1)), *self._handlers(), _BOX]
        lines += [self._actor(actor) for actor in reversed(self.actors)]
        lines.append("\nint main(void) {\n"
                     "    seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n"
                     "    umask(022);\n"
                     "    make_box();\n"
                     "    run_0();\n"
                     "    return done();\n}")
        return "\n".join(lines) + "\n"

    def _handlers(self) -> list[str]:
        used = {argument.number for call in self.sequence.calls for buffer in call.buffers()
                for _, argument in buffer.pointers if isinstance(argument, Handler)}
        return [f"\nstatic void handler_{number}(int number) {{\n    SAY(\"signal %d in handler {number}\", number);\n}}"
                for number in sorted(used - {RESTORER})] + \
               (['\n__attribute__((naked)) static void restorer(void) {\n    asm("mov $15, %eax\\n\\tsyscall");\n}']
                if RESTORER in used else [])

    def _actor(self, actor: int) -> str:
        lines = [f"\nstatic void run_{actor}(void) {{", f"    seen->pid[{actor}] = getpid();"]
        for index, call in enumerate(self.sequence.calls):
            if call.actor == actor:
                lines += ["    " + line for line in self._call(index, call)]
        return "\n".join([*lines, "}"])

    def _call(self, index: int, call: Call) -> list[str]:
        lines = [f"while (seen->turn != {index}) sched_yield();"] if len(self.actors) > 1 else []
        following = [f"seen->turn = {index + 1};"] if len(self.actors) > 1 else []
        if call.number == CALL_FORK:
            child = call.arguments[0]
            body = f"run_{child}();" if child in self.actors else ""
            return [*lines, f"seen->result[{index}] = fork();", f"if (seen->result[{index}] == 0) {{ {body} _exit(0); }}",
                    f"SAY(\"#{index} fork %d\", seen->result[{index}] > 0);", *following]
        names, declared = {}, []
        for place, buffer in enumerate(call.buffers()):
            names[place] = f"b{place}"
            declared.append(f"unsigned char b{place}[{max(buffer.length, 1)}] = {_bytes(buffer.data[:buffer.length])};")
        for place, buffer in enumerate(call.buffers()):
            declared += [f"*(long*)(b{place} + {offset}) = {self._argument(value, names)};" for offset, value in buffer.pointers]
        place, words = 0, []
        for value in call.arguments:
            if isinstance(value, Buffer):
                words.append(f"b{place}")
                place += 1
            else:
                words.append(self._argument(value, names))
        made = self._made(call, words)
        lines += ["{", *("    " + line for line in declared), f"    seen->result[{index}] = {made};"]
        shown = f"seen->result[{index}] < 0 ? error_name(errno) : \"ok\""
        lines.append(f"    SAY(\"#{index} {call.name} %s\", {shown});")
        lines += [f"    SAY_BYTES(b{place}, sizeof b{place});" for place, buffer in enumerate(call.buffers())
                  if buffer.direction & OUT and buffer.length <= 256]
        return [*lines, *("    " + line for line in following), "}"]

    @staticmethod
    def _made(call: Call, words: list[str]) -> str:
        if call.number == CALL_PEEK:
            return f"*(volatile char*){words[0]}"
        if call.number == CALL_POKE:
            return f"*(volatile char*){words[0]} = (char){words[2]}"
        if call.number == CALL_REGISTERS:
            return "0"
        return f"syscall({', '.join([f'{call.number} /* {call.name} */', *words])})"

    @staticmethod
    def _argument(value: Argument, names: dict[int, str]) -> str:
        match value:
            case Result(call, plus):
                return f"seen->result[{call}]" + (f" + {plus:#x}l" if plus else "")
            case Field(call, output, offset):
                return f"seen->result[{call}] /* word {offset} of output {output} */"
            case Handler(number):
                return "(long)restorer" if number == RESTORER else f"(long)handler_{number}"
            case Process(actor, is_group):
                return f"{'-' if is_group else ''}seen->pid[{actor}]"
            case Pointer(buffer, plus):
                return f"(long){names.get(buffer, '0')}" + (f" + {plus}" if plus else "")
        number = value if value < _ADDRESS_BITS * 2 else value - (1 << 64)
        return f"{number}l" if abs(number) < 1 << 16 else f"{value:#x}l"


def _bytes(data: bytes) -> str:
    if not data:
        return "{0}"
    return "{" + ", ".join(str(byte) for byte in data[:512]) + "}"


def program(sequence: Sequence, title: str) -> str:
    return _Printer(sequence).text(title)


__all__ = ["program", "errno"]

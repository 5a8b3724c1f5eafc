"""Descriptions of system calls in words."""

from __future__ import annotations

WIDTH = 110


def words(name: str) -> str:
    return name.replace("_", " ")


def short(description: dict) -> str:
    """A parameter or an answer in a few words."""
    kind = description["kind"]
    direction = description.get("direction")
    text = {
        "structure": lambda: description["type"],
        "flags": lambda: description["type"],
        "choice": lambda: description["type"],
        "pointer": lambda: f"{direction} {short(description['element'])}",
        "array": lambda: f"{direction} {short(description['element'])}[{_length(description)}]",
        "io_vectors": lambda: f"{direction} iovec[{_length(description)}]",
        "buffer": lambda: f"{direction} buffer[{_length(description)}]",
        "descriptor_set": lambda: f"{direction} descriptor set[{_length(description)}]",
        "address_range": lambda: f"address range[{_length(description)}]",
        "selected_id": lambda: f"id by #{description['selecting_argument']}",
    }.get(kind, lambda: words(kind))()
    if "of" in description and kind != "buffer":
        text += f" ({words(description['of'])})"
    if kind == "buffer" and description["of"] != "bytes":
        text += f" of {description['of']}"
    return text + (" or null" if description.get("null") else "")


def _length(description: dict) -> str:
    if "count" in description:
        return str(description["count"])
    return f"#{description['length_argument']}"


def arguments(call: dict) -> str:
    return ", ".join(short(one) for one in call["arguments"])


def table(calls: list[dict]) -> str:
    """All calls, a line each, by family. An asterisk marks those with a fast path."""
    lines = []
    for family, members in by_family(calls):
        lines += [f"{words(family)}:", *(_line(call) for call in members), ""]
    lines.append(f"{len(calls)} calls; * has a fast path; [#n] is as long as argument n says, counted from 0.")
    return "\n".join(lines)


def _line(call: dict) -> str:
    mark = "*" if call["fast_path"] else " "
    return f"{call['number']:5} {mark}{call['name']}({arguments(call)}) -> {short(call['result'])}"


def by_family(calls: list[dict]) -> list[tuple[str, list[dict]]]:
    families: dict[str, list[dict]] = {}
    for call in calls:
        families.setdefault(call["family"], []).append(call)
    return sorted(families.items())


def synopsis(call: dict) -> str:
    """One call as a manual page begins, with all values of its flags and choices."""
    lines = [f"{call['name']}, system call {call['number']}"
             f"{', with a fast path' if call['fast_path'] else ''} ({call['source']})", "",
             f"  {short(call['result'])} {call['name']}({arguments(call)})"]
    for position, one in enumerate(call["arguments"]):
        lines += ["", f"  #{position}  {short(one)}", *_details(one, "      ")]
    lines += ["", f"  answer: {short(call['result'])}", *_details(call["result"], "      ")]
    return "\n".join(lines)


def _details(description: dict, indent: str) -> list[str]:
    kind = description["kind"]
    if kind in ("pointer", "array"):
        return _details(description["element"], indent)
    if kind == "structure":
        return [f"{indent}{one['offset']:4}  {one['name']} ({one['type'].replace('std::', '')})"
                for one in description.get("fields", [])]
    if kind == "command":
        return [line for one in description["commands"] for line in _command(one, indent)]
    shown = (hex if kind == "flags" else str)
    lines = wrap([f"{one['name']}={shown(one['value'])}" for one in description.get("values", [])], indent)
    if "flags" in description:
        lines += wrap([f"|{one['name']}={hex(one['value'])}" for one in description["flags"] if one["value"]], indent)
    if description.get("checked"):
        lines.append(f"{indent}others are EINVAL")
    return lines


def _command(command: dict, indent: str) -> list[str]:
    return [f"{indent}{command['name']}={hex(command['value'])}({arguments(command)}) -> {short(command['result'])}"]


def wrap(items: list[str], indent: str) -> list[str]:
    """As many items a line as fit."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 1 <= WIDTH:
            lines[-1] += " " + item
        else:
            lines.append(indent + item)
    return lines

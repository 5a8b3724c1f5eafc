#pragma once
// Finds out why execve(2) returns ENOENT or EACCES for an existing file: its interpreter is missing or cannot
// be opened.

#include "linux.hpp"

enum class InterpreterKind : u8 { None, Script, Loader };

/// An interpreter that cannot be used: its path, and whether a `#!` line or a program header names it.
struct Interpreter {
    static constexpr usize MAX_PATH = 256;

    InterpreterKind kind = InterpreterKind::None;
    int error = 0;  // a positive errno: what execve(2) or open(2) says of it
    char path[MAX_PATH] = {};
};

/// Follows the chain of interpreters that starts with `path` (execve(2), "Interpreter scripts"; elf(5), PT_INTERP) to
/// the first one that cannot be opened. The kind is None where there is no such file, or `path` itself is missing.
Interpreter find_broken_interpreter(const char* path);

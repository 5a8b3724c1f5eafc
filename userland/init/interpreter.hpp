#pragma once
// Why execve(2) says ENOENT or EACCES about a file that is there: an interpreter that it names is not.

#include "linux.hpp"

enum class InterpreterKind : u8 { None, Script, Loader };

/// An interpreter that cannot be used: the path that names it, and whether a `#!` line or a program header does.
struct Interpreter {
    static constexpr usize MAX_PATH = 256;

    InterpreterKind kind = InterpreterKind::None;
    int error = 0;  // a positive errno: what execve(2) or open(2) says of it
    char path[MAX_PATH] = {};
};

/// Follows the chain of interpreters that starts with `path` (execve(2), "Interpreter scripts"; elf(5), PT_INTERP) to
/// the first one that cannot be opened. The kind is None where there is no such file, or `path` itself is missing.
Interpreter find_broken_interpreter(const char* path);

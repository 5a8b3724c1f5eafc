// "#!": programs that name an interpreter in their first line (execve(2), "Interpreter scripts").
#pragma once

#include "posix_x/lifecycle/exec.hpp"
#include "posix_x/lifecycle/loader.hpp"

namespace exo::posix_x {

bool is_script(const FileStart& start);
/// Changes the arguments for a "#!" program: replaces argv[0] by the interpreter, its optional argument, and
/// `path`. Returns the interpreter's path. Errors: Enoexec (no interpreter, or a path that does not fit),
/// Eacces (an empty path), Enomem.
Result<String> apply_script(const FileStart& start, std::string_view path, ProgramArguments& arguments);
/// The path of a program as the program itself sees it: for a descriptor /dev/fd/N or /dev/fd/N/path. Errors:
/// Enomem.
Result<String> execution_path(const ExecuteRequest& request);

}  // namespace exo::posix_x

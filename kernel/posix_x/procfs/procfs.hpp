// procfs: what /proc shows. The framework is fs's (pseudo/); here is the content (proc(5)), in Linux's formats.
//
// Key types: ProcessView (what can be told of a process, taken in one look), ProcessFile and ProcessDirectory
// (/proc/PID), Table (files by name). Parts: system_files.cpp and cpu_information.cpp (the machine), sysctl.cpp
// (/proc/sys), process_*.cpp (processes). Neighbours: process/, terminal/, everything that counts something.
// What Exo-OS has no value for is 0, or not there; nothing is made up.
// Locking: content is generated without locks; a look at a process takes the tree's, the signal and the task lock.
#pragma once

#include "utils/result.hpp"
#include "utils/string.hpp"

namespace exo::posix_x {

/// Makes procfs and fills it. Errors: Enomem.
Result<> start_procfs();

namespace procfs {

/// "The kernel's command line", which lives for ever.
void set_command_line(std::string_view command_line);

// Parts of start_procfs. Errors: Enomem.
Result<> add_system_files();
Result<> add_sysctl();
Result<> add_processes();
#if defined(EXO_COVERAGE)
Result<> add_coverage_file();
#else
inline Result<> add_coverage_file() { return {}; }
#endif

// ---- Formatting that the kernel's formatter has not.

/// `text` filled with blanks on its right up to `width`.
Result<> append_left(String& out, std::string_view text, usize width);
/// The number in octal.
Result<> append_octal(String& out, u64 number);
/// "%lu.%02lu" of a number of hundredths.
Result<> append_hundredths(String& out, u64 hundredths);

Result<> generate_cpu_information(String& out);

}  // namespace procfs

}  // namespace exo::posix_x

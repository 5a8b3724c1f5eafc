// procfs: the content of /proc (proc(5)), in Linux's formats. The framework is in fs/pseudo.
//
// Key types: ProcessView (what can be told of a process, taken in one look), ProcessFile and ProcessDirectory
// (/proc/PID), Table (files by name). Parts: system_files.cpp and cpu_information.cpp (the machine), sysctl.cpp
// (/proc/sys), process_*.cpp (processes), sys_cpus.cpp (/sys/devices/system/cpu), net_files.cpp (/proc/net). Neighbours: process/, terminal/, everything that counts something.
// What Exo-OS has no value for is 0, or not there; nothing is made up.
// Locking: content is generated without locks; a look at a process takes the tree's, the signal and the task lock.
#pragma once

#include "utils/result.hpp"
#include "utils/string.hpp"

namespace exo::posix_x {

/// Makes procfs and its content. Errors: Enomem.
Result<> start_procfs();

namespace procfs {

/// Sets the text of /proc/cmdline, which must live for ever.
void set_command_line(std::string_view command_line);

// Parts of start_procfs. Errors: Enomem.
Result<> add_system_files();
Result<> add_sysctl();
Result<> add_processes();
Result<> add_sys_cpus();
Result<> add_net_files();
#if defined(EXO_COVERAGE)
Result<> add_coverage_file();
#else
inline Result<> add_coverage_file() { return {}; }
#endif

// ---- Formatting functions that utils/format.hpp lacks.

/// Appends `text`, padded with blanks on the right to `width`.
Result<> append_left(String& out, std::string_view text, usize width);
/// Appends the number in octal.
Result<> append_octal(String& out, u64 number);
/// Appends a number of hundredths as "%lu.%02lu".
Result<> append_hundredths(String& out, u64 hundredths);

/// Appends the CPUs of a mask as Linux lists them: "0", "0-3,5".
Result<> append_cpu_list(String& out, u64 cpus);

Result<> generate_cpu_information(String& out);

}  // namespace procfs

}  // namespace exo::posix_x

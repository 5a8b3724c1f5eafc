// The files and links of /proc/PID, as functions of a look at the process.
#pragma once

#include <span>

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/procfs/process_view.hpp"

namespace exo::posix_x::procfs {

/// Who may open a file besides what its mode says.
enum class FileAccess : u8 { Anybody, Tracers };

struct ProcessFileKind {
    std::string_view name;
    u32 mode;
    FileAccess access;
    Result<> (*generate)(Process& process, const ProcessView& view, String& out);
    /// A program wrote this. Null: the file is for reading.
    Result<> (*accept)(Process& process, std::string_view text) = nullptr;
    fs::GeneratedFile::Sendfile sendfile = fs::GeneratedFile::Sendfile::Refused;
};

struct ProcessLinkKind {
    std::string_view name;
    /// Errors: Enoent (there is nothing there).
    Result<fs::Path> (*target)(const ProcessView& view);
};

std::span<const ProcessFileKind> process_files();
std::span<const ProcessLinkKind> process_links();

// process_status.cpp
Result<> generate_process_stat(Process& process, const ProcessView& view, String& out);
Result<> generate_process_status(Process& process, const ProcessView& view, String& out);
Result<> generate_process_statm(Process& process, const ProcessView& view, String& out);
// process_memory.cpp
Result<> generate_process_maps(Process& process, const ProcessView& view, String& out);
Result<> generate_process_arguments(Process& process, const ProcessView& view, String& out);
Result<> generate_process_environment(Process& process, const ProcessView& view, String& out);

}  // namespace exo::posix_x::procfs

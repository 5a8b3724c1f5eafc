// The files and links of /proc/PID, as functions of a look at the process.
#pragma once

#include <span>

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/procfs/process_view.hpp"

namespace exo::posix_x::procfs {

/// Who may open a file besides what its mode says.
enum class FileAccess : u8 {
    Anybody,
    Tracers,
    SeesMounts,  ///< Anybody, as long as the process sees mounts: a zombie does not.
};

/// What an open file shows when its process has been waited for.
enum class AfterEnd : u8 {
    Esrch,    ///< The error.
    Nothing,  ///< LINUX: it holds on to the memory of the process, in which nothing is left.
    Content,  ///< It does not depend on the process any more.
};

struct ProcessFileKind {
    std::string_view name;
    u32 mode;
    FileAccess access;
    Result<> (*generate)(Process& process, const ProcessView& view, String& out);
    /// A program wrote this. Null: the file is for reading.
    Result<> (*accept)(Process& process, std::string_view text) = nullptr;
    fs::GeneratedFile::Sendfile sendfile = fs::GeneratedFile::Sendfile::Refused;
    AfterEnd after_end = AfterEnd::Esrch;
    fs::GeneratedFile::Seeking seeking = fs::GeneratedFile::Seeking::Sequential;
    /// Of a file of many records, in place of `generate`.
    Result<fs::GeneratedFile::More> (*generate_piece)(Process& process, const ProcessView& view, u64& cursor,
                                                      String& out) = nullptr;
    bool is_only_of_process = false;  ///< Not in /proc/PID/task/TID.
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
Result<fs::GeneratedFile::More> generate_process_maps(Process& process, const ProcessView& view, u64& cursor,
                                                      String& out);
Result<> generate_process_arguments(Process& process, const ProcessView& view, String& out);
Result<> generate_process_environment(Process& process, const ProcessView& view, String& out);

}  // namespace exo::posix_x::procfs

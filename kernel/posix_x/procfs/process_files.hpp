// The files and links of /proc/PID. Each is a function that formats a ProcessView.
#pragma once

#include <span>

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/procfs/process_view.hpp"

namespace exo::posix_x::procfs {

/// Who may open a file, in addition to its mode.
enum class FileAccess : u8 {
    Anybody,
    Tracers,
    SeesMounts,  ///< Everybody, if the process has a mount namespace. A zombie has none.
};

/// How an open file reads after its process was reaped.
enum class AfterEnd : u8 {
    Esrch,    ///< Reads fail with ESRCH.
    Nothing,  ///< Reads return nothing. LINUX: the open file refers to the process's memory, which is empty
              ///< then.
    Content,  ///< Reads return the content, which does not depend on the process any more.
};

struct ProcessFileKind {
    std::string_view name;
    u32 mode;
    FileAccess access;
    Result<> (*generate)(Process& process, const ProcessView& view, String& out);
    /// Handles a write. Null: the file cannot be written.
    Result<> (*accept)(Process& process, std::string_view text) = nullptr;
    fs::GeneratedFile::Sendfile sendfile = fs::GeneratedFile::Sendfile::Refused;
    AfterEnd after_end = AfterEnd::Esrch;
    fs::GeneratedFile::Seeking seeking = fs::GeneratedFile::Seeking::Sequential;
    /// Replaces `generate` for a file of many records.
    Result<fs::GeneratedFile::More> (*generate_piece)(Process& process, const ProcessView& view, u64& cursor,
                                                      String& out) = nullptr;
    bool is_only_of_process = false;  ///< Missing in /proc/PID/task/TID.
};

struct ProcessLinkKind {
    std::string_view name;
    /// The target of the link. Errors: Enoent (the process has none).
    Result<fs::Path> (*target)(const ProcessView& view);
};

std::span<const ProcessFileKind> process_files();
std::span<const ProcessLinkKind> process_links();

// Functions of process_status.cpp.
Result<> generate_process_stat(Process& process, const ProcessView& view, String& out);
Result<> generate_process_status(Process& process, const ProcessView& view, String& out);
Result<> generate_process_statm(Process& process, const ProcessView& view, String& out);
// Functions of process_memory.cpp.
Result<fs::GeneratedFile::More> generate_process_maps(Process& process, const ProcessView& view, u64& cursor,
                                                      String& out);
Result<> generate_process_arguments(Process& process, const ProcessView& view, String& out);
Result<> generate_process_environment(Process& process, const ProcessView& view, String& out);

}  // namespace exo::posix_x::procfs

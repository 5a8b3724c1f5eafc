#pragma once
// The request: the files under /.exo/ that `exo` added to the initramfs, which say what to run
// (docs/run_protocol.md).

#include "linux.hpp"
#include "text.hpp"

struct File {
    char* data = nullptr;
    usize size = 0;
};

/// Reads a whole file of any length and appends a zero byte. The memory is never freed.
isize read_file(const char* path, File& file);

enum class StreamKind : u8 { Pipe, Tty };

inline constexpr int STREAM_COUNT = 3;

struct Request {
    char** arguments = nullptr;
    char** environment = nullptr;
    const char* directory = nullptr;
    StreamKind streams[STREAM_COUNT] = {};
    linux::WindowSize window = {};
    Text settings;  // what settings.hpp reads; usually nothing

    bool uses_tty() const;
    bool is_tty(int stream) const { return streams[stream] == StreamKind::Tty; }

    /// The value of an environment variable, or null.
    const char* variable(const char* name) const;
};

/// Reads the request and removes its files, and this program's own, so that the image looks as it was made.
/// Returns 0 or a negated errno; then `failed_path` says which file was missing or unreadable.
isize read_request(Request& request, const char*& failed_path);

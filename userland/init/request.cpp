#include "request.hpp"

#include "system.hpp"
#include "text.hpp"

namespace {

constexpr const char* ARGV = "/.exo/argv";
constexpr const char* ENVIRON = "/.exo/environ";
constexpr const char* CWD = "/.exo/cwd";
constexpr const char* STREAMS = "/.exo/streams";
constexpr const char* SETTINGS = "/.exo/settings";
constexpr const char* SELF = "/.exo/init";
constexpr const char* FOLDER = "/.exo";
constexpr const char* USED_UP[] = {ARGV, ENVIRON, CWD, STREAMS, SETTINGS, SELF};

/// Allocates pages that are never freed: execve() reads them as its last step.
char* allocate(usize bytes) {
    const isize result = sys::allocate_pages(bytes);
    return sys::failed(result) ? nullptr : reinterpret_cast<char*>(result);
}

/// Turns strings that each end in a zero byte into the null-terminated array that execve(2) takes.
char** split(const File& file) {
    usize count = 0;
    for (usize i = 0; i < file.size; ++i) count += file.data[i] == '\0' ? 1 : 0;
    auto** const strings = reinterpret_cast<char**>(allocate((count + 1) * sizeof(char*)));
    if (strings == nullptr) return nullptr;
    char* next = file.data;
    for (usize i = 0; i < count; ++i) {
        strings[i] = next;
        next += Text{next}.size + 1;
    }
    strings[count] = nullptr;
    return strings;
}

unsigned short dimension(Text text) {
    const int value = text.number();
    return value < 0 ? 0 : static_cast<unsigned short>(value);
}

void parse_streams(Text lines, Request& request) {
    static constexpr Text NAMES[STREAM_COUNT] = {"stdin", "stdout", "stderr"};
    while (lines.size > 0) {
        Text line = lines.take_until('\n');
        const Text name = line.take_until(' ');
        if (name == "winsize") {
            request.window.rows = dimension(line.take_until(' '));
            request.window.columns = dimension(line);
        }
        for (int i = 0; i < STREAM_COUNT; ++i) {
            if (name == NAMES[i]) request.streams[i] = line == "tty" ? StreamKind::Tty : StreamKind::Pipe;
        }
    }
}

}  // namespace

isize read_file(const char* path, File& file) {
    const isize fd = sys::open(path, linux::O_RDONLY | linux::O_CLOEXEC);
    if (sys::failed(fd)) return fd;
    usize capacity = 64 * 1024;
    file = {allocate(capacity), 0};
    isize result = file.data == nullptr ? -linux::ENOMEM : 1;
    while (result > 0) {
        if (file.size + 1 == capacity) {
            char* larger = allocate(capacity * 2);
            if (larger == nullptr) {
                result = -linux::ENOMEM;
                break;
            }
            __builtin_memcpy(larger, file.data, file.size);
            file.data = larger;
            capacity *= 2;
        }
        result = sys::read(static_cast<int>(fd), file.data + file.size, capacity - 1 - file.size);
        if (result > 0) file.size += static_cast<usize>(result);
    }
    sys::close(static_cast<int>(fd));
    return result;
}

bool Request::uses_tty() const { return is_tty(0) || is_tty(1) || is_tty(2); }

const char* Request::variable(const char* name) const {
    const Text wanted{name};
    for (char** entry = environment; *entry != nullptr; ++entry) {
        Text value{*entry};
        if (value.contains('=') && value.take_until('=') == wanted) return value.data;
    }
    return nullptr;
}

isize read_request(Request& request, const char*& failed_path) {
    File argv;
    File environ;
    File cwd;
    File streams;
    const struct {
        const char* path;
        File& file;
    } wanted[] = {{ARGV, argv}, {ENVIRON, environ}, {CWD, cwd}, {STREAMS, streams}};
    for (const auto& [path, file] : wanted) {
        const isize result = read_file(path, file);
        failed_path = path;
        if (sys::failed(result)) return result;
    }
    failed_path = ARGV;
    request.arguments = split(argv);
    request.environment = split(environ);
    if (request.arguments == nullptr || request.environment == nullptr) return -linux::ENOMEM;
    if (request.arguments[0] == nullptr) return -linux::EINVAL;
    request.directory = cwd.data;
    parse_streams({streams.data, streams.size}, request);
    File settings;
    failed_path = SETTINGS;
    const isize result = read_file(SETTINGS, settings);
    if (sys::failed(result) && result != -linux::ENOENT) return result;
    request.settings = {settings.data, settings.size};

    // A read-only or foreign root may refuse; the files are then merely visible.
    for (const char* path : USED_UP) sys::unlink(path);
    sys::rmdir(FOLDER);
    return 0;
}

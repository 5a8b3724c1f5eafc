#include "interpreter.hpp"

#include "system.hpp"
#include "text.hpp"

namespace {

// Linux follows a script's interpreter this often (BINPRM_MAX_RECURSION in fs/exec.c).
constexpr int MAX_DEPTH = 5;
constexpr usize SCRIPT_HEAD = 256;
constexpr u32 PT_INTERP = 3;
constexpr usize CLASS_INDEX = 4;  // EI_CLASS
constexpr u8 CLASS_64 = 2;        // ELFCLASS64

// elf(5): the parts of the headers of an ELF64 file that lead to its interpreter.
struct ElfHeader {
    u8 identification[16];
    u8 skipped[16];
    u64 program_headers;
    u8 skipped_too[14];
    unsigned short program_header_size;
    unsigned short program_header_count;
};
struct ProgramHeader {
    u32 type;
    u32 flags;
    u64 offset;
    u64 addresses[2];
    u64 file_size;
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void read_script_line(Text head, Interpreter& found) {
    usize begin = 2;
    while (begin < head.size && is_blank(head.data[begin])) ++begin;
    usize length = 0;
    while (begin + length < head.size && length + 1 < Interpreter::MAX_PATH) {
        const char c = head.data[begin + length];
        if (is_blank(c) || c == '\n' || c == '\0') break;
        found.path[length++] = c;
    }
    found.path[length] = '\0';
    if (length > 0) found.kind = InterpreterKind::Script;
}

void read_program_headers(int fd, const ElfHeader& header, Interpreter& found) {
    for (u64 i = 0; i < header.program_header_count; ++i) {
        ProgramHeader entry;
        const u64 offset = header.program_headers + i * header.program_header_size;
        if (sys::pread(fd, &entry, sizeof entry, offset) != sizeof entry) return;
        if (entry.type != PT_INTERP) continue;
        if (entry.file_size == 0 || entry.file_size > Interpreter::MAX_PATH) return;
        if (sys::pread(fd, found.path, entry.file_size, entry.offset) != static_cast<isize>(entry.file_size))
            return;
        found.path[entry.file_size - 1] = '\0';
        found.kind = InterpreterKind::Loader;
        return;
    }
}

/// The interpreter that an open file names.
Interpreter interpreter_of(int fd) {
    Interpreter found;
    alignas(ElfHeader) char head[SCRIPT_HEAD];
    const isize size = sys::pread(fd, head, sizeof head, 0);
    if (size >= 2 && head[0] == '#' && head[1] == '!') {
        read_script_line({head, static_cast<usize>(size)}, found);
    } else if (size >= static_cast<isize>(sizeof(ElfHeader)) && Text{head, 4} == Text{"\x7f"
                                                                                      "ELF"}) {
        ElfHeader header;
        __builtin_memcpy(&header, head, sizeof header);
        if (header.identification[CLASS_INDEX] == CLASS_64) read_program_headers(fd, header, found);
    }
    return found;
}

}  // namespace

Interpreter find_broken_interpreter(const char* path) {
    Interpreter current;
    for (int depth = 0; depth <= MAX_DEPTH; ++depth) {
        const char* const name = depth == 0 ? path : current.path;
        const isize fd = sys::open(name, linux::O_RDONLY | linux::O_NONBLOCK | linux::O_CLOEXEC);
        if (sys::failed(fd)) {
            current.error = static_cast<int>(-fd);
            return current;
        }
        const bool is_executable = sys::access(name, linux::X_OK) == 0;
        const Interpreter next = interpreter_of(static_cast<int>(fd));
        sys::close(static_cast<int>(fd));
        if (!is_executable) {
            current.error = linux::EACCES;
            return current;
        }
        if (next.kind == InterpreterKind::None) return {};
        current = next;
    }
    return {};
}

// Parses an ELF64 program for execve: which pages to map, from where, and where to start.
//
// No function here does I/O: the caller reads the file. It passes the first bytes to ElfHeader::parse, reads
// the program headers that the result names, and passes them to ElfImage::parse_headers and ElfImage::plan.
// There are two steps because Linux finds the errors of plan after the old program is gone: execve cannot
// return then, and SIGSEGV kills the process.
// Source: Linux, fs/binfmt_elf.c, load_elf_binary(); the errnos and their order are Linux's.
#pragma once

#include <optional>
#include <span>

#include "posix_x/elf/elf_format.hpp"
#include "utils/fixed_vector.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

/// The end of user addresses. The last page of the lower half is never mapped.
inline constexpr u64 USER_END = 0x7fff'ffff'f000;

enum class ElfType : u8 { Fixed, PositionIndependent };
enum class StackPermission : u8 { Default, Executable, NotExecutable };

/// The fields of the ELF header that the kernel uses, after validation.
struct ElfHeader {
    /// The limit of program headers. Linux refuses more than fit into a page.
    static constexpr usize MAX_PROGRAM_HEADERS = PAGE_SIZE / sizeof(Elf64ProgramHeader);

    ElfType type = ElfType::Fixed;
    u64 entry = 0;
    u64 table_offset = 0;
    u16 table_count = 0;

    usize table_size() const { return usize{table_count} * sizeof(Elf64ProgramHeader); }
    /// Parses the file's first bytes. If `start` is shorter than 64 bytes, the rest counts as zeros.
    /// Errors: Enoexec.
    static Result<ElfHeader> parse(std::span<const u8> start);
};

/// One PT_LOAD segment. Its addresses do not contain the load bias, which is a multiple of the page size.
/// Segments are mapped in order, each over the earlier ones: LINUX allows them to overlap.
struct ElfSegment {
    u64 start = 0;        ///< Page-aligned.
    u64 file_offset = 0;  ///< Page-aligned.
    u64 file_size =
        0;  ///< Size of the file mapping at `start`, in whole pages; 0: none. May reach beyond the file's
            ///< end.
    /// Where the file's bytes end. With has_zero_part, the bytes from here to the end of the page must be
    /// zeroed. A failure to zero them matters only in the image's last such segment.
    u64 file_end = 0;
    /// Page-aligned; [start + file_size, memory_end) is anonymous memory, readable and writable.
    u64 memory_end = 0;
    bool has_zero_part = false;
    bool is_readable = false;
    bool is_writable = false;
    bool is_executable = false;
};

struct FileRange {
    u64 offset = 0;
    u64 size = 0;
};

/// A parsed program. About 5 KiB: keep it in a Box.
struct ElfImage {
    ElfHeader header{};
    StackPermission stack = StackPermission::Default;
    /// Where the file has the path of PT_INTERP: 2 to 4096 bytes, which must end in NUL
    /// (check_interpreter_path).
    std::optional<FileRange> interpreter;

    FixedVector<ElfSegment, ElfHeader::MAX_PROGRAM_HEADERS> segments;
    /// The first and last page of all segments; both are 0 without segments.
    u64 lowest = 0;
    u64 highest = 0;
    /// The largest alignment of a segment: a power of two, at least a page.
    u64 alignment = PAGE_SIZE;
    /// AT_PHDR: the address of the program headers; 0 if no segment contains them.
    u64 program_headers = 0;
    /// For /proc/PID/stat, and for brk, which starts at the end of the highest segment.
    u64 start_code = UINT64_MAX;
    u64 end_code = 0;
    u64 start_data = 0;
    u64 end_data = 0;
    u64 end_of_memory = 0;

    /// First step: finds the errors that execve returns. `table` contains the program headers.
    /// Errors: Enoexec (too few bytes, or an interpreter path that is too short or too long).
    Result<> parse_headers(const ElfHeader& elf_header, std::span<const u8> table);
    /// Second step: fills in everything from `segments` on.
    /// Errors: Einval (file size beyond memory size, address and offset not congruent modulo the page size,
    /// addresses that wrap or leave user space), Enomem (file pages outside user space), Eoverflow (an offset
    /// that no file has).
    Result<> plan(std::span<const u8> table);
    /// The program's first instruction when it is loaded with `bias`. The address is checked only for
    /// programs without an interpreter.
    /// Errors: Einval.
    Result<u64> entry_address(u64 bias) const;

  private:
    Result<> add_segment(const Elf64ProgramHeader& program_header);
    void note_extent(const Elf64ProgramHeader& program_header);
};

/// Checks that `path` ends in NUL. Errors: Enoexec. (The caller treats a short read of the path as Eio.)
Result<> check_interpreter_path(std::span<const u8> path);

}  // namespace exo::posix_x

// What an ELF64 program asks of execve: which pages, from where, and where to start.
//
// Pure: the caller reads the file. It gives the first bytes to ElfHeader::parse, reads the program headers
// that this names, and gives those to ElfImage::parse_headers and ElfImage::plan. The two are apart because
// Linux meets the errors of the second after the old program is gone: there execve does not return, the
// process is killed by SIGSEGV.
// Source: Linux, fs/binfmt_elf.c, load_elf_binary(); the errnos and their order are Linux's.
#pragma once

#include <optional>
#include <span>

#include "posix_x/elf/elf_format.hpp"
#include "utils/fixed_vector.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

/// User addresses lie below: the last page of the lower half is never mapped.
inline constexpr u64 USER_END = 0x7fff'ffff'f000;

enum class ElfType : u8 { Fixed, PositionIndependent };
enum class StackPermission : u8 { Default, Executable, NotExecutable };

/// The part of the ELF header that matters, checked.
struct ElfHeader {
    /// More program headers than fit into a page are refused, as by Linux.
    static constexpr usize MAX_PROGRAM_HEADERS = PAGE_SIZE / sizeof(Elf64ProgramHeader);

    ElfType type = ElfType::Fixed;
    u64 entry = 0;
    u64 table_offset = 0;
    u16 table_count = 0;

    usize table_size() const { return usize{table_count} * sizeof(Elf64ProgramHeader); }
    /// `start`: the file's first bytes; what is missing of the 64 counts as zero bytes.
    /// Errors: Enoexec.
    static Result<ElfHeader> parse(std::span<const u8> start);
};

/// One PT_LOAD. All addresses are before the load bias, which is a multiple of the page size.
/// Segments are to be mapped in order, each replacing what is there: LINUX lets them overlap.
struct ElfSegment {
    u64 start = 0;        ///< Page-aligned.
    u64 file_offset = 0;  ///< Page-aligned.
    u64 file_size =
        0;  ///< Whole pages mapped from the file at `start`; 0: none. May reach beyond the file's end.
    /// Where the file's bytes end. If memory goes on (has_zero_part), the bytes from here to the end of that
    /// page are to be zeroed; a failure of that matters only in the image's last such segment.
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

/// About 5 KiB: keep it in a Box.
struct ElfImage {
    ElfHeader header{};
    StackPermission stack = StackPermission::Default;
    /// PT_INTERP's path in the file: 2 to 4096 bytes, which must end in NUL (check_interpreter_path).
    std::optional<FileRange> interpreter;

    FixedVector<ElfSegment, ElfHeader::MAX_PROGRAM_HEADERS> segments;
    /// The pages from the lowest to the highest segment; both 0 without segments.
    u64 lowest = 0;
    u64 highest = 0;
    /// The strictest alignment that a segment asks for: a power of two, at least a page.
    u64 alignment = PAGE_SIZE;
    /// AT_PHDR: where the program headers are in memory; 0 if no segment holds them.
    u64 program_headers = 0;
    /// For /proc/PID/stat and for brk, which starts at the end of the highest segment.
    u64 start_code = UINT64_MAX;
    u64 end_code = 0;
    u64 start_data = 0;
    u64 end_data = 0;
    u64 end_of_memory = 0;

    /// First step: what execve still returns errors for. `table` holds the program headers' bytes.
    /// Errors: Enoexec (too few bytes, an interpreter's path too short or too long).
    Result<> parse_headers(const ElfHeader& elf_header, std::span<const u8> table);
    /// Second step: fills in everything from `segments` on.
    /// Errors: Einval (file size beyond memory size, address and offset not congruent modulo the page size,
    /// addresses that wrap or leave user space), Enomem (file pages outside user space), Eoverflow (an offset
    /// that no file has).
    Result<> plan(std::span<const u8> table);
    /// Where the program starts when loaded with `bias`; only programs without an interpreter are checked.
    /// Errors: Einval.
    Result<u64> entry_address(u64 bias) const;

  private:
    Result<> add_segment(const Elf64ProgramHeader& program_header);
    void note_extent(const Elf64ProgramHeader& program_header);
};

/// Errors: Enoexec unless `path` ends in NUL. (A read that gives fewer bytes than asked for is Eio.)
Result<> check_interpreter_path(std::span<const u8> path);

}  // namespace exo::posix_x

#include "posix_x/elf/elf_image.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "utils/bits.hpp"
#include "utils/bytes.hpp"

namespace exo::posix_x {

namespace {

constexpr u64 MAX_FILE_OFFSET = INT64_MAX;
constexpr u64 INTERPRETER_MIN = 2;
constexpr u64 INTERPRETER_MAX = 4096;  // PATH_MAX

template <class Visit> void for_each_header(std::span<const u8> table, Visit visit) {
    for (usize at = 0; const auto header = load<Elf64ProgramHeader>(table, at); at += sizeof(*header)) {
        if (!visit(*header)) return;
    }
}

u64 page_offset(u64 address) { return address & (PAGE_SIZE - 1); }

/// The checks of Linux's elf_map() and of its mmap(). Returns how many bytes to map, in whole pages.
Result<u64> check_file_mapping(const Elf64ProgramHeader& header) {
    const auto bytes = checked_add(header.p_filesz, page_offset(header.p_vaddr));
    if (!bytes) return Error::Einval;
    // LINUX: a size that wraps when rounded up is 0, and then nothing is mapped from the file.
    const u64 size = align_up(*bytes, PAGE_SIZE);
    if (size == 0) return u64{0};
    const u64 offset = header.p_offset - page_offset(header.p_vaddr);
    if (!is_aligned(offset, PAGE_SIZE)) return Error::Einval;
    if (!checked_add(offset, size)) return Error::Einval;
    if (offset + size > MAX_FILE_OFFSET) return Error::Eoverflow;
    const u64 start = align_down(header.p_vaddr, PAGE_SIZE);
    if (size > USER_END || start > USER_END - size) return Error::Enomem;
    return size;
}

}  // namespace

Result<ElfHeader> ElfHeader::parse(std::span<const u8> start) {
    Elf64Header raw{};
    if (!start.empty()) std::memcpy(&raw, start.data(), std::min(start.size(), sizeof(raw)));
    static constexpr u8 MAGIC[] = {0x7f, 'E', 'L', 'F'};
    if (!std::equal(std::begin(MAGIC), std::end(MAGIC), raw.e_ident)) return Error::Enoexec;
    if (raw.e_type != ET_EXEC && raw.e_type != ET_DYN) return Error::Enoexec;
    if (raw.e_machine != EM_X86_64 || raw.e_phentsize != sizeof(Elf64ProgramHeader)) return Error::Enoexec;
    if (raw.e_phnum == 0 || raw.e_phnum > MAX_PROGRAM_HEADERS) return Error::Enoexec;
    // A table that no file can hold would only give a short read.
    if (raw.e_phoff > MAX_FILE_OFFSET - PAGE_SIZE) return Error::Enoexec;
    ElfHeader header;
    header.type = raw.e_type == ET_EXEC ? ElfType::Fixed : ElfType::PositionIndependent;
    header.entry = raw.e_entry;
    header.table_offset = raw.e_phoff;
    header.table_count = raw.e_phnum;
    return header;
}

Result<> ElfImage::parse_headers(const ElfHeader& elf_header, std::span<const u8> table) {
    header = elf_header;
    if (table.size() < header.table_size()) return Error::Enoexec;
    Result<> result;
    for_each_header(table.first(header.table_size()), [&](const Elf64ProgramHeader& item) {
        if (item.p_type == PT_GNU_STACK)
            stack = (item.p_flags & PF_X) != 0 ? StackPermission::Executable : StackPermission::NotExecutable;
        // If there are several interpreters, the first one is used.
        if (item.p_type != PT_INTERP || interpreter) return true;
        if (item.p_filesz < INTERPRETER_MIN || item.p_filesz > INTERPRETER_MAX) result = Error::Enoexec;
        // LINUX: kernel_read() refuses a negative position.
        else if (item.p_offset > MAX_FILE_OFFSET - item.p_filesz)
            result = Error::Einval;
        interpreter = FileRange{item.p_offset, item.p_filesz};
        return result.has_value();
    });
    return result;
}

Result<> ElfImage::plan(std::span<const u8> table) {
    if (table.size() < header.table_size()) return Error::Enoexec;
    Result<> result;
    lowest = UINT64_MAX;
    for_each_header(table.first(header.table_size()), [&](const Elf64ProgramHeader& item) {
        if (item.p_type == PT_LOAD) result = add_segment(item);
        return result.has_value();
    });
    TRY(result);
    if (segments.is_empty()) lowest = 0;
    // LINUX: a position-independent image needs room of its own, so it must not be empty.
    if (header.type == ElfType::PositionIndependent && !segments.is_empty() && highest == lowest)
        return Error::Einval;
    return {};
}

Result<u64> ElfImage::entry_address(u64 bias) const {
    const u64 address = header.entry + bias;
    if (address >= USER_END) return Error::Einval;
    return address;
}

Result<> ElfImage::add_segment(const Elf64ProgramHeader& item) {
    ElfSegment segment;
    segment.file_size = TRY(check_file_mapping(item));
    if (item.p_vaddr >= USER_END || item.p_filesz > item.p_memsz || item.p_memsz > USER_END ||
        USER_END - item.p_memsz < item.p_vaddr)
        return Error::Einval;
    segment.start = align_down(item.p_vaddr, PAGE_SIZE);
    if (segment.file_size != 0) segment.file_offset = item.p_offset - page_offset(item.p_vaddr);
    segment.file_end = item.p_vaddr + item.p_filesz;
    segment.memory_end = align_up(item.p_vaddr + item.p_memsz, PAGE_SIZE);
    segment.has_zero_part = item.p_memsz > item.p_filesz;
    segment.is_readable = (item.p_flags & PF_R) != 0;
    segment.is_writable = (item.p_flags & PF_W) != 0;
    segment.is_executable = (item.p_flags & PF_X) != 0;
    note_extent(item);
    return segments.push(segment);
}

void ElfImage::note_extent(const Elf64ProgramHeader& item) {
    const u64 file_end = item.p_vaddr + item.p_filesz;
    const u64 memory_end = item.p_vaddr + item.p_memsz;
    lowest = std::min(lowest, align_down(item.p_vaddr, PAGE_SIZE));
    highest = std::max(highest, align_up(memory_end, PAGE_SIZE));
    if (item.p_align > alignment && std::has_single_bit(item.p_align)) alignment = item.p_align;
    if (item.p_offset <= header.table_offset && header.table_offset - item.p_offset < item.p_filesz)
        program_headers = header.table_offset - item.p_offset + item.p_vaddr;
    const bool is_code = (item.p_flags & PF_X) != 0;
    if (is_code) {
        start_code = std::min(start_code, item.p_vaddr);
        end_code = std::max(end_code, file_end);
    }
    start_data = std::max(start_data, item.p_vaddr);
    end_data = std::max(end_data, file_end);
    end_of_memory = std::max(end_of_memory, memory_end);
}

Result<> check_interpreter_path(std::span<const u8> path) {
    if (path.empty() || path.back() != 0) return Error::Enoexec;
    return {};
}

}  // namespace exo::posix_x

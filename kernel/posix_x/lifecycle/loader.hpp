// Mapping an ELF program into an empty address space.
#pragma once

#include "fs/file/file.hpp"
#include "posix_x/elf/elf_image.hpp"
#include "vm/address_space.hpp"

namespace exo::posix_x {

/// The first bytes of a file, from which execve recognises its format.
struct FileStart {
    static constexpr usize SIZE = 256;  ///< BINPRM_BUF_SIZE: the limit of a "#!" line.
    u8 bytes[SIZE] = {};
    usize size = 0;
    std::span<const u8> span() const { return {bytes, size}; }
};
/// Reads a file's first bytes. Errors: those of read.
Result<FileStart> read_start(fs::File& file);

/// A program whose headers were read and checked.
struct ParsedProgram {
    Box<ElfImage> image;
    Vector<u8> table;  ///< The program headers' bytes.
};
/// Reads and checks the headers. Errors: Enoexec, Eio, Enomem.
Result<ParsedProgram> parse_program(fs::File& file, const FileStart& start);

struct LoadedImage {
    u64 bias = 0;
    u64 entry = 0;
};
/// Maps the segments with `bias`. Errors: Enomem, Einval, Enoexec, Efault.
Result<LoadedImage> load_image(vm::AddressSpace& space, fs::File& file, ParsedProgram& program, u64 bias);

}  // namespace exo::posix_x

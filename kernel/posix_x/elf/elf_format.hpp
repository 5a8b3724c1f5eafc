// The structures of an ELF64 file, named as the System V ABI names them.
#pragma once

#include "utils/types.hpp"

namespace exo::posix_x {

struct Elf64Header {
    u8 e_ident[16];
    u16 e_type;
    u16 e_machine;
    u32 e_version;
    u64 e_entry;
    u64 e_phoff;
    u64 e_shoff;
    u32 e_flags;
    u16 e_ehsize;
    u16 e_phentsize;
    u16 e_phnum;
    u16 e_shentsize;
    u16 e_shnum;
    u16 e_shstrndx;
};
static_assert(sizeof(Elf64Header) == 64);

struct Elf64ProgramHeader {
    u32 p_type;
    u32 p_flags;
    u64 p_offset;
    u64 p_vaddr;
    u64 p_paddr;
    u64 p_filesz;
    u64 p_memsz;
    u64 p_align;
};
static_assert(sizeof(Elf64ProgramHeader) == 56);

inline constexpr u16 ET_EXEC = 2;
inline constexpr u16 ET_DYN = 3;
inline constexpr u16 EM_X86_64 = 62;
inline constexpr u32 PT_LOAD = 1;
inline constexpr u32 PT_INTERP = 3;
inline constexpr u32 PT_GNU_STACK = 0x6474e551;
inline constexpr u32 PF_X = 1;
inline constexpr u32 PF_W = 2;
inline constexpr u32 PF_R = 4;

}  // namespace exo::posix_x

// User copies without a CPU to walk the tables: the loaded page table is walked here, and a missing page or right is
// offered to upcalls::page_fault as a fault would be.
#include <atomic>
#include <cstring>

#include "arch/hosted/memory.hpp"
#include "arch/upcalls.hpp"

namespace exo::arch {

namespace hosted {
constinit u64 direct_map = 0;
}

namespace {

/// Where the byte at a user address lies, or null if the tables do not allow the access.
u8* walk(u64 address, bool is_write) {
    u64 table = hosted::this_cpu.address_space;
    if (table == 0) return nullptr;
    for (u32 level = 4;; --level) {
        const u64 index = address >> (PAGE_SHIFT + 9 * (level - 1)) & 511;
        // SAFETY: the table lies in the arena that direct_map is the base of.
        auto* entries = reinterpret_cast<u64*>(hosted::direct_map + table);
        const u64 entry = std::atomic_ref(entries[index]).load(std::memory_order_acquire);
        if ((entry & 1) == 0 || (entry & 4) == 0 || (is_write && (entry & 2) == 0)) return nullptr;
        const u64 base = entry & 0x000f'ffff'ffff'f000;
        // SAFETY: as above.
        if (level == 1) return reinterpret_cast<u8*>(hosted::direct_map + base + (address & (PAGE_SIZE - 1)));
        table = base;
    }
}

u8* access(u64 address, bool is_write) {
    for (;;) {
        if (u8* place = walk(address, is_write)) return place;
        const bool is_present = walk(address, false) != nullptr;
        FaultCause cause{};
        cause.is_present = is_present;
        cause.is_write = is_write;
        if (upcalls::page_fault(address, cause, nullptr) != upcalls::FaultReason::None) return nullptr;
    }
}

/// As the CPU does, copies a word that lies as it should in one access: programs change words that the kernel reads.
void move_piece(u8* to, const u8* from, usize size, u8* user) {
    const auto move = [&]<class Word>(Word) {
        // SAFETY: aligned, inside one page.
        std::atomic_ref word(*reinterpret_cast<Word*>(user));
        Word value;
        if (user == to) {
            std::memcpy(&value, from, sizeof(value));
            word.store(value, std::memory_order_relaxed);
        } else {
            value = word.load(std::memory_order_relaxed);
            std::memcpy(to, &value, sizeof(value));
        }
    };
    const bool is_aligned = reinterpret_cast<usize>(user) % size == 0;
    if (is_aligned && size == sizeof(u32))
        move(u32{});
    else if (is_aligned && size == sizeof(u64))
        move(u64{});
    else
        std::memcpy(to, from, size);
}

/// Calls move(place, size) for each piece of a range within a page; bytes not reached.
template <class Move> usize for_pieces(u64 address, usize size, bool is_write, Move&& move) {
    while (size != 0) {
        const usize in_page = PAGE_SIZE - (address & (PAGE_SIZE - 1));
        const usize piece = size < in_page ? size : in_page;
        u8* place = access(address, is_write);
        if (place == nullptr) break;
        move(place, piece);
        address += piece;
        size -= piece;
    }
    return size;
}

}  // namespace

usize copy_from_user(void* to, u64 from, usize size) {
    auto* next = static_cast<u8*>(to);
    return for_pieces(from, size, false, [&](u8* place, usize piece) {
        move_piece(next, place, piece, place);
        next += piece;
    });
}

usize copy_to_user(u64 to, const void* from, usize size) {
    const auto* next = static_cast<const u8*>(from);
    return for_pieces(to, size, true, [&](u8* place, usize piece) {
        move_piece(place, next, piece, place);
        next += piece;
    });
}

usize zero_user(u64 to, usize size) {
    return for_pieces(to, size, true, [](u8* place, usize piece) { std::memset(place, 0, piece); });
}

isize copy_string_from_user(char* to, u64 from, usize size) {
    for (usize length = 0; length < size; ++length) {
        const u8* place = access(from + length, false);
        if (place == nullptr) return -1;
        to[length] = static_cast<char>(*place);
        if (*place == 0) return static_cast<isize>(length);
    }
    return static_cast<isize>(size);
}

Result<u32> load_user_word(u64 address) {
    u8* place = access(address, false);
    if (place == nullptr || address % sizeof(u32) != 0) return Error::Efault;
    // SAFETY: aligned, inside one page.
    return std::atomic_ref(*reinterpret_cast<u32*>(place)).load();
}

Result<u32> compare_exchange_user(u64 address, u32 expected, u32 desired) {
    u8* place = access(address, true);
    if (place == nullptr || address % sizeof(u32) != 0) return Error::Efault;
    // SAFETY: aligned, inside one page.
    std::atomic_ref(*reinterpret_cast<u32*>(place)).compare_exchange_strong(expected, desired);
    return expected;
}

}  // namespace exo::arch

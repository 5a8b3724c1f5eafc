#include "vm/user_memory.hpp"

#include <algorithm>

#include "arch/interface.hpp"
#include "memory/layout.hpp"
#include "sync/per_cpu.hpp"

namespace exo::vm {

namespace {
constinit sync::PerCpu<u32> disabled_depth;
}

FaultsDisabled::FaultsDisabled() { ++disabled_depth.mine(); }
FaultsDisabled::~FaultsDisabled() { --disabled_depth.mine(); }
bool are_faults_disabled() { return disabled_depth.mine() != 0; }

Result<> read_user(u64 address, std::span<u8> to) {
    if (!memory::is_user_range(address, to.size())) return Error::Efault;
    if (arch::copy_from_user(to.data(), address, to.size()) != 0) return Error::Efault;
    return {};
}

Result<> write_user(u64 address, std::span<const u8> from) {
    if (!memory::is_user_range(address, from.size())) return Error::Efault;
    if (arch::copy_to_user(address, from.data(), from.size()) != 0) return Error::Efault;
    return {};
}

Result<> zero_user(u64 address, usize size) {
    if (!memory::is_user_range(address, size)) return Error::Efault;
    if (arch::zero_user(address, size) != 0) return Error::Efault;
    return {};
}

Result<usize> read_user_string(u64 address, std::span<char> to) {
    if (address >= memory::USER_END) return Error::Efault;
    const usize limit = std::min<usize>(to.size(), memory::USER_END - address);
    const isize length = arch::copy_string_from_user(to.data(), address, limit);
    if (length < 0) return Error::Efault;
    // It ran into the end of the user half without a NUL.
    if (static_cast<usize>(length) == limit && limit < to.size()) return Error::Efault;
    return static_cast<usize>(length);
}

Result<String> UserString::read(usize max_size, Error too_long) const {
    String text;
    for (u64 at = address_; text.size() < max_size;) {
        std::array<char, 256> piece;
        const usize limit = std::min(piece.size(), max_size - text.size());
        const usize length = TRY(read_user_string(at, {piece.data(), limit}));
        TRY(text.append({piece.data(), length}));
        if (length < limit) return text;
        at += length;
    }
    return too_long;
}

Result<> UserVector::import(u64 address, usize count) {
    if (count > MAX_COUNT) return Error::Einval;
    count_ = count;
    if (count == 0) return {};  // LINUX: iovec_from_user does not look at the address then
    UserSegment* segments = inline_;
    if (is_long()) {
        TRY(long_.resize(count));
        segments = long_.data();
    }
    // SAFETY: an iovec is two words, address and length; any bytes make one.
    TRY(read_user(address, {reinterpret_cast<u8*>(segments), count * sizeof(UserSegment)}));
    // A negative length anywhere comes before a bad range anywhere.
    bool is_in_range = true;
    for (usize i = 0; i < count; ++i) {
        UserSegment& segment = segments[i];
        if (static_cast<i64>(segment.size) < 0) return Error::Einval;
        is_in_range = is_in_range && memory::is_user_range(segment.address, segment.size);
        if (segment.size > MAX_TOTAL - total_) segment.size = MAX_TOTAL - total_;
        total_ += segment.size;
    }
    if (!is_in_range) return Error::Efault;
    return {};
}

}  // namespace exo::vm

// The copy functions of a machine that traces (user_copy.S, TRACE_SITE, jumps to them): they copy, and then
// call the upcall that records the copy.
#include "arch/upcalls.hpp"

extern "C" {

using exo::isize;
using exo::u64;
using exo::usize;
using exo::upcalls::UserCopy;

usize exo_plain_copy_from_user(void* to, u64 from, usize size);
usize exo_plain_copy_to_user(u64 to, const void* from, usize size);
usize exo_plain_zero_user(u64 to, usize size);
isize exo_plain_copy_string_from_user(char* to, u64 from, usize size);

usize exo_traced_copy_from_user(void* to, u64 from, usize size) {
    const usize left = exo_plain_copy_from_user(to, from, size);
    exo::upcalls::user_copied(UserCopy::FromUser, from, to, size - left);
    return left;
}

usize exo_traced_copy_to_user(u64 to, const void* from, usize size) {
    const usize left = exo_plain_copy_to_user(to, from, size);
    exo::upcalls::user_copied(UserCopy::ToUser, to, from, size - left);
    return left;
}

usize exo_traced_zero_user(u64 to, usize size) {
    const usize left = exo_plain_zero_user(to, size);
    exo::upcalls::user_copied(UserCopy::ZerosToUser, to, nullptr, size - left);
    return left;
}

isize exo_traced_copy_string_from_user(char* to, u64 from, usize size) {
    const isize length = exo_plain_copy_string_from_user(to, from, size);
    if (length < 0) return length;
    const bool has_end = static_cast<usize>(length) < size;  // the NUL was copied too
    exo::upcalls::user_copied(UserCopy::StringFromUser, from, to,
                              static_cast<usize>(length) + (has_end ? 1 : 0));
    return length;
}
}

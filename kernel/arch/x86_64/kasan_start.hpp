// Where KASAN begins, and where its checks end when they find no shadow.
#pragma once

#include "arch/interface.hpp"

namespace exo::arch {

#if defined(EXO_KASAN)
/// Before the first instrumented function.
void start_kasan();
/// A fault in the kernel that is the compiler's check of a bad address, which the report names. Comes back if it is not.
void explain_page_fault(u64 address, const UserRegisters& registers);
void explain_general_protection(const UserRegisters& registers);
#else
inline void start_kasan() {}
inline void explain_page_fault(u64, const UserRegisters&) {}
inline void explain_general_protection(const UserRegisters&) {}
#endif

}  // namespace exo::arch

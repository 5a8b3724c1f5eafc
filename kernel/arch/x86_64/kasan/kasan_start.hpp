// The start of KASAN, and the handling of its checks that fault because there is no shadow.
#pragma once

#include "arch/interface.hpp"

namespace exo::arch {

#if defined(EXO_KASAN)
/// Call before the first instrumented function.
void start_kasan();
/// If a kernel fault comes from the compiler's check of a bad address, reports that address and does not
/// return; else returns.
void explain_page_fault(u64 address, const UserRegisters& registers);
void explain_general_protection(const UserRegisters& registers);
#else
inline void start_kasan() {}
inline void explain_page_fault(u64, const UserRegisters&) {}
inline void explain_general_protection(const UserRegisters&) {}
#endif

}  // namespace exo::arch

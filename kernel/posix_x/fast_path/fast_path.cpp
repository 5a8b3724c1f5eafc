#include "posix_x/fast_path/fast_path.hpp"

#include "posix_x/syscalls/families.hpp"

namespace exo::posix_x {

Result<> register_fast_calls() {
    TRY(register_fast_immediate_calls());
    TRY(register_fast_clock_calls());
    TRY(register_fast_signal_calls());
    return register_fast_file_calls();
}

}  // namespace exo::posix_x

#include "posix_x/syscalls/families.hpp"

#include "utils/result.hpp"

namespace exo::posix_x {

Result<> register_all_calls() {
    TRY(register_read_write_calls());
    TRY(register_descriptor_calls());
    TRY(register_control_calls());
    TRY(register_path_calls());
    TRY(register_attribute_calls());
    TRY(register_mount_calls());
    TRY(register_memory_calls());
    TRY(register_process_calls());
    TRY(register_process_setting_calls());
    TRY(register_limit_calls());
    TRY(register_identity_calls());
    TRY(register_signal_calls());
    TRY(register_poll_calls());
    TRY(register_time_calls());
    TRY(register_timer_calls());
    TRY(register_system_info_calls());
    TRY(register_futex_calls());
    return register_fast_calls();
}

}  // namespace exo::posix_x

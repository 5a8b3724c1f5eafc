// Converts ResourceUsage to the structure of getrusage(2).
#pragma once

#include "abi/linux/resource.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

constexpr abi::rusage to_abi(const ResourceUsage& usage) {
    constexpr auto to_timeval = [](time::Nanoseconds time) {
        return abi::timeval{static_cast<i64>(time / time::SECOND),
                            static_cast<i64>(time % time::SECOND / time::MICROSECOND)};
    };
    abi::rusage out{};
    out.ru_utime = to_timeval(usage.user_time);
    out.ru_stime = to_timeval(usage.system_time);
    out.ru_maxrss = static_cast<i64>(usage.max_resident_pages * (PAGE_SIZE / KIB));
    out.ru_minflt = static_cast<i64>(usage.minor_faults);
    out.ru_majflt = static_cast<i64>(usage.major_faults);
    out.ru_nvcsw = static_cast<i64>(usage.voluntary_switches);
    out.ru_nivcsw = static_cast<i64>(usage.involuntary_switches);
    return out;
}

}  // namespace exo::posix_x

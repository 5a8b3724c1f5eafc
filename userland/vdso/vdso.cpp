// The vDSO: a shared object that the kernel maps into every program, with calls that read clocks without entering the kernel
// (vdso(7)). It is built on its own and lies in the kernel's image (arch/x86_64/vdso); the page before it is the kernel's
// (abi/exo/clock_page.hpp).
//
// It has no data and needs no relocation: it runs wherever it is mapped, in programs of any libc, on any stack.
#include <atomic>
#include <cstdint>
#include <initializer_list>

#include "abi/exo/clock_page.hpp"
#include "abi/linux/time.hpp"

namespace exo::vdso {

using abi::ClockId;
using std::int64_t;
using std::uint32_t;
using std::uint64_t;

/// The linker script says where it is.
extern "C" [[gnu::visibility("hidden")]] const abi::ClockPage exo_clock_page;

namespace {

constexpr uint64_t NANOSECONDS_PER_SECOND = 1'000'000'000;
constexpr uint64_t NANOSECONDS_PER_MICROSECOND = 1000;
/// LINUX: what the coarse clocks say of themselves, with a tick of 4 ms.
constexpr int64_t COARSE_RESOLUTION = 4'000'000;

constexpr long CALL_GETTIMEOFDAY = 96;
constexpr long CALL_TIME = 201;
constexpr long CALL_CLOCK_GETTIME = 228;
constexpr long CALL_CLOCK_GETRES = 229;
constexpr long CALL_GETCPU = 309;

[[gnu::noinline, gnu::cold]] long system_call(long number, long first, long second, long third) {
    long answer;
    // The kernel keeps all registers but these two.
    asm volatile("syscall"
                 : "=a"(answer)
                 : "a"(number), "D"(first), "S"(second), "d"(third)
                 : "rcx", "r11", "memory");
    return answer;
}

/// Not before what precedes it in the program.
inline uint64_t cycle_counter() {
    uint32_t low;
    uint32_t high;
    asm volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
    return uint64_t{high} << 32 | low;
}

enum class Origin { Boot, Epoch };

/// Nanoseconds; false: only the kernel can tell.
template <Origin ORIGIN> [[gnu::always_inline]] inline bool read_clock(uint64_t& now) {
    const abi::ClockPage& page = exo_clock_page;
    constexpr auto RELAXED = std::memory_order_relaxed;
    while (true) {
        const uint32_t before = page.sequence.load(std::memory_order_acquire);
        if (page.counts_cycles.load(RELAXED) == 0) [[unlikely]]
            return false;
        const auto passed = static_cast<int64_t>(cycle_counter() - page.reading.load(RELAXED));
        const auto multiplier = static_cast<int64_t>(page.multiplier.load(RELAXED));
        // As the kernel computes it (CounterScale), so that both never differ.
        now = page.nanoseconds.load(RELAXED) +
              static_cast<uint64_t>(static_cast<__int128>(passed) * multiplier >> 32);
        if (ORIGIN == Origin::Epoch) now += page.realtime_offset.load(RELAXED);
        std::atomic_thread_fence(std::memory_order_acquire);
        if ((before & 1) == 0 && page.sequence.load(RELAXED) == before) [[likely]]
            return true;
    }
}

/// What a program gets in a bad pointer's place is a fault, as on Linux.
inline void store(abi::timespec* out, uint64_t now) {
    const uint64_t seconds = now / NANOSECONDS_PER_SECOND;
    out->tv_sec = static_cast<int64_t>(seconds);
    out->tv_nsec = static_cast<int64_t>(now - seconds * NANOSECONDS_PER_SECOND);
}

/// The clocks with numbers in `set`.
constexpr uint32_t bits(std::initializer_list<ClockId> set) {
    uint32_t result = 0;
    for (const ClockId clock : set) result |= 1U << static_cast<uint32_t>(clock);
    return result;
}
constexpr uint32_t SINCE_BOOT =
    bits({ClockId::Monotonic, ClockId::MonotonicRaw, ClockId::MonotonicCoarse, ClockId::Boottime});
constexpr uint32_t SINCE_EPOCH = bits({ClockId::Realtime, ClockId::RealtimeCoarse, ClockId::Tai});
constexpr uint32_t COARSE = bits({ClockId::MonotonicCoarse, ClockId::RealtimeCoarse});

inline bool is_in(uint32_t set, ClockId clock) {
    const auto number = static_cast<uint32_t>(clock);
    return number < 32 && (set >> number & 1) != 0;
}

}  // namespace

#define EXPORTED extern "C" [[gnu::visibility("default")]]

EXPORTED int __vdso_clock_gettime(ClockId clock, abi::timespec* out) {
    uint64_t now;
    if (is_in(SINCE_BOOT, clock) && read_clock<Origin::Boot>(now)) {
        store(out, now);
        return 0;
    }
    if (is_in(SINCE_EPOCH, clock) && read_clock<Origin::Epoch>(now)) {
        store(out, now);
        return 0;
    }
    return static_cast<int>(
        system_call(CALL_CLOCK_GETTIME, static_cast<long>(clock), reinterpret_cast<long>(out), 0));
}

EXPORTED int __vdso_gettimeofday(abi::timeval* out, abi::timezone* zone_out) {
    uint64_t now = 0;
    if (out != nullptr && !read_clock<Origin::Epoch>(now)) [[unlikely]]
        return static_cast<int>(
            system_call(CALL_GETTIMEOFDAY, reinterpret_cast<long>(out), reinterpret_cast<long>(zone_out), 0));
    if (out != nullptr) {
        const uint64_t seconds = now / NANOSECONDS_PER_SECOND;
        out->tv_sec = static_cast<int64_t>(seconds);
        out->tv_usec =
            static_cast<int64_t>((now - seconds * NANOSECONDS_PER_SECOND) / NANOSECONDS_PER_MICROSECOND);
    }
    if (zone_out != nullptr) {
        const uint64_t zone = exo_clock_page.zone.load(std::memory_order_relaxed);
        zone_out->tz_minuteswest = static_cast<std::int32_t>(zone);
        zone_out->tz_dsttime = static_cast<std::int32_t>(zone >> 32);
    }
    return 0;
}

EXPORTED int64_t __vdso_time(int64_t* out) {
    uint64_t now;
    if (!read_clock<Origin::Epoch>(now)) [[unlikely]]
        return system_call(CALL_TIME, reinterpret_cast<long>(out), 0, 0);
    const auto seconds = static_cast<int64_t>(now / NANOSECONDS_PER_SECOND);
    if (out != nullptr) *out = seconds;
    return seconds;
}

EXPORTED int __vdso_clock_getres(ClockId clock, abi::timespec* out) {
    if (!is_in(SINCE_BOOT | SINCE_EPOCH, clock))
        return static_cast<int>(
            system_call(CALL_CLOCK_GETRES, static_cast<long>(clock), reinterpret_cast<long>(out), 0));
    if (out != nullptr) {
        out->tv_sec = 0;
        out->tv_nsec = is_in(COARSE, clock) ? COARSE_RESOLUTION : 1;
    }
    return 0;
}

/// The third argument is not used since Linux 2.6.24.
EXPORTED long __vdso_getcpu(unsigned* cpu, unsigned* node, void*) {
    return system_call(CALL_GETCPU, reinterpret_cast<long>(cpu), reinterpret_cast<long>(node), 0);
}

#undef EXPORTED

// LINUX: the names without prefix are weak.
#define ALIAS(name) asm(".weak " #name "\n.type " #name ", @function\n.set " #name ", __vdso_" #name)
ALIAS(clock_gettime);
ALIAS(gettimeofday);
ALIAS(time);
ALIAS(clock_getres);
ALIAS(getcpu);

}  // namespace exo::vdso

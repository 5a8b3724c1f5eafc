// Calls about the whole system: uname, sysinfo, syslog, getrandom, getcpu.
#include "posix_x/system/system_info.hpp"

#include <algorithm>

#include "drivers/random/random.hpp"
#include "log/log.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/system/system_names.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using abi::RandomFlags;
using abi::SyslogAction;

bool caller_can(Capability capability) { return current_task().identity().can(capability); }

}  // namespace

// ---- Names

Result<> sys_uname(Context&, vm::UserOut<abi::utsname> out) {
    abi::utsname names = system_names();
    apply_personality(names, current_task().personality);
    return out.write(names);
}

static Result<> set_name(ChangeableName which, BufferArgument name, i32 size) {
    if (!caller_can(Capability::SysAdmin)) return Error::Eperm;
    if (size < 0 || size >= static_cast<i32>(abi::UTS_NAME_SIZE)) return Error::Einval;
    u8 bytes[abi::UTS_NAME_SIZE];
    const std::span<u8> content(bytes, static_cast<usize>(size));
    if (!content.empty()) TRY(vm::read_user(name.address, content));  // no byte is no address either
    return set_system_name(which, content);
}

Result<> sys_sethostname(Context&, InBytes<1> name, SignedSize size) {
    return set_name(ChangeableName::Host, name, size);
}

Result<> sys_setdomainname(Context&, InBytes<1> name, SignedSize size) {
    return set_name(ChangeableName::Domain, name, size);
}

// ---- Load and memory

Result<> sys_sysinfo(Context&, vm::UserOut<abi::sysinfo> out) {
    constexpr u32 LOAD_SHIFT = 16;
    const memory::BuddyStats frames = memory::get_stats();
    abi::sysinfo info{};
    info.uptime = static_cast<i64>((time::monotonic() + time::SECOND - 1) / time::SECOND);
    const scheduler::LoadAverage::Loads loads = scheduler::SCHEDULER.loads();
    for (usize i = 0; i < loads.size(); ++i)
        info.loads[i] = loads[i] << (LOAD_SHIFT - scheduler::LoadAverage::FRACTION_BITS);
    info.totalram = frames.total_frames * PAGE_SIZE;
    info.freeram = frames.free_frames * PAGE_SIZE;
    info.procs = static_cast<u16>(std::min<u64>(scheduler::SCHEDULER.stats().threads, UINT16_MAX));
    info.mem_unit = 1;
    return out.write(info);
}

// ---- The kernel's log (syslog(2))

/// Copies at most `limit` bytes of the newest lines; returns how many. Errors: Einval, Efault, Enomem.
static Result<usize> read_log(BufferArgument buffer, i32 limit) {
    if (buffer.address == 0 || limit < 0) return Error::Einval;
    Vector<char> text;
    TRY(text.resize(std::min(static_cast<usize>(limit), log::ring_size())));
    const usize size = log::read_ring(text.span());
    // SAFETY: characters are bytes.
    TRY(vm::write_user(buffer.address, {reinterpret_cast<const u8*>(text.data()), size}));
    return size;
}

/// The console level before the console was switched off.
constinit std::atomic<u8> level_before_off{static_cast<u8>(log::Level::Info)};

static Result<usize> set_console_level(i32 level) {
    if (level < 1 || level > 8) return Error::Einval;
    // Messages of a lower number are shown; ours names the last one that is.
    log::set_console_level(static_cast<log::Level>(level - 1));
    return 0uz;
}

/// Checks access to the log. LINUX: check_syslog_permissions. Errors: Eperm.
static Result<> check_log_access(SyslogAction action) {
    const bool is_for_all = action == SyslogAction::ReadAll || action == SyslogAction::SizeBuffer;
    if (is_for_all && log_is_restricted.load(std::memory_order_relaxed) == 0) return {};
    if (caller_can(Capability::Syslog) || caller_can(Capability::SysAdmin)) return {};
    return Error::Eperm;
}

Answer<Size> sys_syslog(Context&, SyslogAction action, OutBytes<2> buffer, SignedSize number) {
    TRY(check_log_access(action));
    switch (action) {
        case SyslogAction::Close:
        case SyslogAction::Open: return 0uz;
        case SyslogAction::ReadAll: return read_log(buffer, number);
        case SyslogAction::ReadClear: {
            const usize size = TRY(read_log(buffer, number));
            log::clear_ring();
            return size;
        }
        case SyslogAction::Clear: log::clear_ring(); return 0uz;
        case SyslogAction::ConsoleOff:
            level_before_off.store(static_cast<u8>(log::console_level()));
            log::set_console_level(log::Level::Emergency);
            return 0uz;
        case SyslogAction::ConsoleOn:
            log::set_console_level(static_cast<log::Level>(level_before_off.load()));
            return 0uz;
        case SyslogAction::ConsoleLevel: return set_console_level(number);
        case SyslogAction::SizeBuffer: return log::ring_size();
        // There is no reader that takes lines away one by one.
        case SyslogAction::Read:
        case SyslogAction::SizeUnread: return Error::Einval;
    }
    return Error::Einval;
}

// ---- Random numbers

Answer<Size> sys_getrandom(Context&, OutBytes<1> buffer, Size size, KnownRandomFlags given) {
    const RandomFlags flags = TRY(given.checked());
    if (has_all(flags, RandomFlags::Random | RandomFlags::Insecure)) return Error::Einval;
    if (!drivers::RANDOM.is_seeded() && !has(flags, RandomFlags::Insecure)) {
        if (has(flags, RandomFlags::Nonblock)) return Error::Eagain;
        TRY(drivers::RANDOM.wait_until_seeded(scheduler::WaitMode::Interruptible));
    }
    vm::OutBuffer out = vm::OutBuffer::from_user(buffer.address, std::min<u64>(size, INT32_MAX));
    TRY(out.check());
    usize total = 0;
    while (out.remaining() > 0) {
        u8 bytes[256];
        const std::span<u8> piece(bytes, std::min(out.remaining(), sizeof(bytes)));
        drivers::RANDOM.fill(piece);
        const Result<usize> copied = out.write(piece);
        if (!copied) return total > 0 ? Result<usize>(total) : copied;
        total += *copied;
        scheduler::preempt_point();
        // Long requests may be interrupted (getrandom(2)).
        if (total % PAGE_SIZE == 0 && !scheduler::check_interrupted(scheduler::WaitMode::Interruptible))
            break;
    }
    return total;
}

Result<> sys_getcpu(Context&, OrNull<vm::UserOut<CpuNumber>> cpu, OrNull<vm::UserOut<NodeNumber>> node) {
    // Each is written, whatever comes of the other.
    const Result<> first = cpu.is_null() ? Result<>{} : cpu.write(arch::cpu_index());
    const Result<> second = node.is_null() ? Result<>{} : node.write(0);
    return first ? second : first;
}

}  // namespace exo::posix_x

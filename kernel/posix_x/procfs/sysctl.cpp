// /proc/sys: the supported settings (sysctl(8), proc(5)).
#include "boot/command_line.hpp"
#include "drivers/platform.hpp"
#include "drivers/random/random.hpp"
#include "fs/tree/permission.hpp"
#include "ipc/epoll/epoll.hpp"
#include "ipc/pipe.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/procfs/settings.hpp"
#include "posix_x/pty/devpts.hpp"
#include "posix_x/system/system_names.hpp"
#include "scheduler/realtime_budget.hpp"
#include "utils/bytes.hpp"
#include "vm/commit.hpp"

namespace exo::posix_x::procfs {

namespace {

constexpr u32 FIXED = 0444;
constexpr u32 CHANGEABLE = 0644;

/// A constant number.
template <u64 VALUE> u64 fixed() { return VALUE; }
template <std::atomic<u64>& VALUE> u64 load() { return VALUE.load(std::memory_order_relaxed); }
template <std::atomic<u64>& VALUE> void store(u64 value) { VALUE.store(value, std::memory_order_relaxed); }

Result<> append_line(String& out, std::string_view text) {
    TRY(out.append(text));
    return out.push('\n');
}

// ---- kernel/

template <ChangeableName WHICH> Result<> generate_name(String& out) {
    const abi::utsname names = system_names();
    return append_line(out, WHICH == ChangeableName::Host ? names.nodename : names.domainname);
}

/// Sets a name. LINUX: a name that is too long is cut.
template <ChangeableName WHICH> Result<> accept_name(std::string_view text) {
    return set_system_name(WHICH, as_bytes(text.substr(0, abi::UTS_NAME_SIZE - 1)));
}

/// 16 random bytes as a version-4 UUID (RFC 9562, section 5.4).
Result<> append_uuid(String& out, std::span<u8, 16> bytes) {
    bytes[6] = static_cast<u8>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<u8>((bytes[8] & 0x3f) | 0x80);
    for (usize i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) TRY(out.push('-'));
        TRY(format_append(out, "{:02x}", bytes[i]));
    }
    return out.push('\n');
}

Result<> generate_uuid(String& out) {
    u8 bytes[16];
    drivers::RANDOM.fill(bytes);
    return append_uuid(out, bytes);
}

struct BootId {
    u8 bytes[16] = {};
    bool is_chosen = false;
};
constinit sync::SpinLocked<BootId, sync::LockRank::SpinLeaf> boot_id;

/// Chosen at the first read, because the random generator is seeded by then.
Result<> generate_boot_id(String& out) {
    BootId chosen;
    {
        auto state = boot_id.lock();
        if (!state->is_chosen) drivers::RANDOM.fill(state->bytes);
        state->is_chosen = true;
        chosen = *state;
    }
    return append_uuid(out, chosen.bytes);
}

/// LINUX: since 5.18 the pool is either full or empty: 256 bits once it is seeded.
u64 entropy() { return drivers::RANDOM.is_seeded() ? 256 : 0; }

constexpr NumberSetting KERNEL[] = {
    {.name = "cap_last_cap", .read = fixed<LAST_CAPABILITY>},
    {.name = "dmesg_restrict",
     .mode = CHANGEABLE,
     .read = load<log_is_restricted>,
     .write = store<log_is_restricted>,
     .most = 1,
     .needed = Capability::SysAdmin},
    {.name = "ngroups_max", .read = fixed<65536>},
    // Linux takes up to 4,194,304.
    {.name = "pid_max",
     .mode = CHANGEABLE,
     .read = load<pid_max>,
     .write = store<pid_max>,
     .least = FIRST_PID_AFTER_WRAP + 1,
     .most = MAX_PID},
    {.name = "threads-max",
     .mode = CHANGEABLE,
     .read = [] { return u64{PROCESSES.most()}; },
     .write = [](u64 most) { PROCESSES.set_most(most); },
     .least = 1,
     .most = 0x3fffffff},
};
Result<> generate_panic_timeout(String& out) { return format_append(out, "{}\n", drivers::panic_timeout()); }

/// A number that may be negative. Errors: Einval.
Result<i32> parse_signed(std::string_view text) {
    constexpr std::string_view BLANKS = " \t\n\v\f\r";
    text.remove_prefix(std::min(text.find_first_not_of(BLANKS), text.size()));
    if (text.starts_with('+')) return Error::Einval;
    const auto number = boot::parse_number(text.substr(0, text.find_first_of(BLANKS)));
    if (!number || *number < INT32_MIN || *number > INT32_MAX) return Error::Einval;
    return static_cast<i32>(*number);
}

Result<> accept_panic_timeout(std::string_view text) {
    drivers::set_panic_timeout(TRY(parse_signed(text)));
    return {};
}

using scheduler::REALTIME_LIMIT;

Result<> generate_realtime_period(String& out) {
    return format_append(out, "{}\n", REALTIME_LIMIT.period_us());
}
Result<> accept_realtime_period(std::string_view text) {
    return REALTIME_LIMIT.set_period_us(TRY(parse_signed(text)));
}
Result<> generate_realtime_share(String& out) {
    return format_append(out, "{}\n", REALTIME_LIMIT.runtime_us());
}
Result<> accept_realtime_share(std::string_view text) {
    return REALTIME_LIMIT.set_runtime_us(TRY(parse_signed(text)));
}

constexpr NumberSetting RANDOM[] = {
    {.name = "entropy_avail", .read = entropy},
    {.name = "poolsize", .read = fixed<256>},
};

/// LINUX: the minimum is the initial value of `reserve`, and does not change with it.
constexpr NumberSetting PTYS[] = {
    {.name = "max",
     .mode = CHANGEABLE,
     .read = load<most_ptys>,
     .write = store<most_ptys>,
     .least = 1024,
     .most = Devpts::MOST_NUMBERS},
    {.name = "nr", .read = load<ptys>},
    {.name = "reserve",
     .mode = CHANGEABLE,
     .read = load<reserved_ptys>,
     .write = store<reserved_ptys>,
     .most = Devpts::MOST_NUMBERS},
};

constexpr NumberSetting MEMORY[] = {
    {.name = "max_map_count",
     .mode = CHANGEABLE,
     .read = load<vm::AreaSet::max_areas>,
     .write = store<vm::AreaSet::max_areas>},
    {.name = "mmap_min_addr",
     .mode = CHANGEABLE,
     .read = load<vm::min_map_address>,
     .write = store<vm::min_map_address>,
     .kind = NumberKind::UnsignedLong,
     .most = memory::USER_END,
     .needed = Capability::SysRawio},
    {.name = "overcommit_memory",
     .mode = CHANGEABLE,
     .read = load<vm::overcommit_policy>,
     .write = store<vm::overcommit_policy>,
     .most = vm::OVERCOMMIT_ALWAYS},
};

std::optional<u64> to_pipe_size(u64 value) {
    const u64 size = ipc::round_pipe_size(value);
    return size != 0 ? std::optional(size) : std::nullopt;
}

constexpr NumberSetting FILES[] = {
    {.name = "file-max",
     .mode = CHANGEABLE,
     .read = load<fs::max_open_files>,
     .write = store<fs::max_open_files>,
     .kind = NumberKind::UnsignedLong,
     .most = static_cast<u64>(INT64_MAX)},
    {.name = "mount-max",
     .mode = CHANGEABLE,
     .read = load<fs::mount_max>,
     .write = store<fs::mount_max>,
     .least = 1},
    {.name = "nr_open",
     .mode = CHANGEABLE,
     .read = load<max_descriptors>,
     .write = store<max_descriptors>,
     .least = 64,
     .most = 0x7fffffc0},
    {.name = "pipe-max-size",
     .mode = CHANGEABLE,
     .read = load<ipc::max_unprivileged_pipe_size>,
     .write = store<ipc::max_unprivileged_pipe_size>,
     .kind = NumberKind::UnsignedInt,
     .most = UINT32_MAX,
     .convert = to_pipe_size},
    {.name = "pipe-user-pages-hard",
     .mode = CHANGEABLE,
     .read = load<ipc::user_pages_hard>,
     .write = store<ipc::user_pages_hard>,
     .kind = NumberKind::UnsignedLong,
     .most = UINT64_MAX},
    {.name = "pipe-user-pages-soft",
     .mode = CHANGEABLE,
     .read = load<ipc::user_pages_soft>,
     .write = store<ipc::user_pages_soft>,
     .kind = NumberKind::UnsignedLong,
     .most = UINT64_MAX},
    {.name = "protected_fifos",
     .mode = CHANGEABLE,
     .read = load<fs::protected_fifos>,
     .write = store<fs::protected_fifos>,
     .most = 2},
    {.name = "protected_hardlinks",
     .mode = CHANGEABLE,
     .read = load<fs::protected_hardlinks>,
     .write = store<fs::protected_hardlinks>,
     .most = 1},
    {.name = "protected_regular",
     .mode = CHANGEABLE,
     .read = load<fs::protected_regular>,
     .write = store<fs::protected_regular>,
     .most = 2},
    {.name = "protected_symlinks",
     .mode = CHANGEABLE,
     .read = load<fs::protected_symlinks>,
     .write = store<fs::protected_symlinks>,
     .most = 1},
};

constexpr NumberSetting EPOLL[] = {
    {.name = "max_user_watches",
     .mode = CHANGEABLE,
     .read = load<ipc::max_epoll_watches>,
     .write = store<ipc::max_epoll_watches>,
     .kind = NumberKind::UnsignedLong,
     .most = static_cast<u64>(INT64_MAX)},
};

Result<> add_numbers(SettingFolder& folder, std::span<const NumberSetting> settings) {
    for (const NumberSetting& setting : settings) TRY(add_number(folder, setting));
    return {};
}

Result<> add_kernel_settings(SettingFolder& sys) {
    Ref<SettingFolder> kernel = TRY(add_folder(sys, "kernel"));
    TRY(add_numbers(*kernel, KERNEL));
    TRY(add_text(*kernel, "domainname", CHANGEABLE, generate_name<ChangeableName::Domain>,
                 accept_name<ChangeableName::Domain>));
    TRY(add_text(*kernel, "hostname", CHANGEABLE, generate_name<ChangeableName::Host>,
                 accept_name<ChangeableName::Host>));
    TRY(add_text(*kernel, "osrelease", FIXED, [](String& out) { return append_line(out, SYSTEM_RELEASE); }));
    TRY(add_text(*kernel, "ostype", FIXED, [](String& out) { return append_line(out, SYSTEM_NAME); }));
    TRY(add_text(*kernel, "panic", CHANGEABLE, generate_panic_timeout, accept_panic_timeout));
    TRY(add_text(*kernel, "sched_rt_period_us", CHANGEABLE, generate_realtime_period,
                 accept_realtime_period));
    TRY(add_text(*kernel, "sched_rt_runtime_us", CHANGEABLE, generate_realtime_share, accept_realtime_share));
    TRY(add_text(*kernel, "version", FIXED, [](String& out) { return append_line(out, SYSTEM_VERSION); }));

    Ref<SettingFolder> pty = TRY(add_folder(*kernel, "pty"));
    TRY(add_numbers(*pty, PTYS));

    Ref<SettingFolder> random = TRY(add_folder(*kernel, "random"));
    TRY(add_numbers(*random, RANDOM));
    TRY(add_text(*random, "boot_id", FIXED, generate_boot_id));
    return add_text(*random, "uuid", FIXED, generate_uuid);
}

}  // namespace

Result<> add_sysctl() {
    Ref<SettingFolder> sys = TRY(add_folder(*fs::procfs().directory, "sys"));
    TRY(add_kernel_settings(*sys));
    Ref<SettingFolder> memory = TRY(add_folder(*sys, "vm"));
    TRY(add_numbers(*memory, MEMORY));
    Ref<SettingFolder> files = TRY(add_folder(*sys, "fs"));
    TRY(add_numbers(*files, FILES));
    Ref<SettingFolder> epoll = TRY(add_folder(*files, "epoll"));
    return add_numbers(*epoll, EPOLL);
}

}  // namespace exo::posix_x::procfs

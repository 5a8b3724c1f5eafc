// /proc/sys: the few settings that there are, most of them fixed.
#include "drivers/random/random.hpp"
#include "fs/pseudo/pseudo.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/system_names.hpp"
#include "utils/bytes.hpp"

namespace exo::posix_x::procfs {

namespace {

constexpr u32 FIXED = 0444;
constexpr u32 CHANGEABLE = 0644;

/// A file that always says the same.
template <u64 VALUE> Result<> generate_number(String& out) { return format_append(out, "{}\n", VALUE); }

Result<> append_line(String& out, std::string_view text) {
    TRY(out.append(text));
    return out.push('\n');
}

// ---- kernel/

template <ChangeableName WHICH> Result<> generate_name(String& out) {
    const abi::utsname names = system_names();
    return append_line(out, WHICH == ChangeableName::Host ? names.nodename : names.domainname);
}

/// LINUX: the name ends at the first newline or NUL, and what is too long is cut.
template <ChangeableName WHICH> Result<> accept_name(std::span<const u8> bytes, const fs::Credentials&) {
    const std::string_view text = as_text(bytes);
    const std::string_view line = text.substr(0, text.find_first_of(std::string_view("\n\0", 2)));
    return set_system_name(WHICH, as_bytes(line.substr(0, abi::UTS_NAME_SIZE - 1)));
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

/// Chosen when first asked for: then the generator has been seeded.
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

/// LINUX: since 5.18 the pool is full or empty: 256 bits once it is seeded.
Result<> generate_entropy(String& out) { return append_line(out, drivers::RANDOM.is_seeded() ? "256" : "0"); }

Result<> add_kernel_settings(fs::StaticDirectory& sys) {
    Ref<fs::StaticDirectory> kernel = TRY(sys.add_directory("kernel"));
    TRY(kernel->add_file("dmesg_restrict", FIXED, generate_number<1>));
    TRY(kernel->add_file("domainname", CHANGEABLE, generate_name<ChangeableName::Domain>,
                         accept_name<ChangeableName::Domain>));
    TRY(kernel->add_file("hostname", CHANGEABLE, generate_name<ChangeableName::Host>,
                         accept_name<ChangeableName::Host>));
    TRY(kernel->add_file("cap_last_cap", FIXED, generate_number<LAST_CAPABILITY>));
    TRY(kernel->add_file("ngroups_max", FIXED, generate_number<65536>));
    TRY(kernel->add_file("osrelease", FIXED, [](String& out) { return append_line(out, SYSTEM_RELEASE); }));
    TRY(kernel->add_file("ostype", FIXED, [](String& out) { return append_line(out, SYSTEM_NAME); }));
    TRY(kernel->add_file("pid_max", FIXED, generate_number<static_cast<u64>(MAX_PID)>));
    TRY(kernel->add_file("version", FIXED, [](String& out) { return append_line(out, SYSTEM_VERSION); }));

    Ref<fs::StaticDirectory> random = TRY(kernel->add_directory("random"));
    TRY(random->add_file("boot_id", FIXED, generate_boot_id));
    TRY(random->add_file("entropy_avail", FIXED, generate_entropy));
    TRY(random->add_file("poolsize", FIXED, generate_number<256>));
    return random->add_file("uuid", FIXED, generate_uuid);
}

}  // namespace

Result<> add_sysctl() {
    Ref<fs::StaticDirectory> sys = TRY(fs::procfs().directory->add_directory("sys"));
    TRY(add_kernel_settings(*sys));

    Ref<fs::StaticDirectory> memory = TRY(sys->add_directory("vm"));
    TRY(memory->add_file("max_map_count", FIXED, generate_number<vm::AreaSet::MAX_AREAS>));
    TRY(memory->add_file("mmap_min_addr", FIXED, generate_number<vm::MIN_MAP_ADDRESS>));
    TRY(memory->add_file("overcommit_memory", FIXED, generate_number<0>));

    // How many files may be open is bounded by memory alone: Linux shows the greatest number where that is so.
    Ref<fs::StaticDirectory> files = TRY(sys->add_directory("fs"));
    TRY(files->add_file("file-max", FIXED, generate_number<INT64_MAX>));
    TRY(files->add_file("nr_open", FIXED, generate_number<1024 * KIB>));
    TRY(files->add_file("pipe-max-size", FIXED, generate_number<MIB>));
    // As in Debian's kernel. Nothing here can be switched.
    TRY(files->add_file("protected_fifos", FIXED, generate_number<0>));
    TRY(files->add_file("protected_hardlinks", FIXED, generate_number<1>));
    TRY(files->add_file("protected_regular", FIXED, generate_number<0>));
    TRY(files->add_file("protected_symlinks", FIXED, generate_number<1>));
    return {};
}

}  // namespace exo::posix_x::procfs

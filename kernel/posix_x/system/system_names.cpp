#include "posix_x/system/system_names.hpp"

#include <algorithm>

#include "abi/linux/process.hpp"
#include "sync/spin_lock.hpp"

namespace exo::posix_x {

namespace {

struct Names {
    char host[abi::UTS_NAME_SIZE] = "(none)";
    char domain[abi::UTS_NAME_SIZE] = "(none)";
};
constinit sync::SpinLocked<Names, sync::LockRank::SpinLeaf> names;

}  // namespace

abi::utsname system_names() {
    abi::utsname out{};
    SYSTEM_NAME.copy(out.sysname, abi::UTS_NAME_SIZE - 1);
    SYSTEM_RELEASE.copy(out.release, abi::UTS_NAME_SIZE - 1);
    SYSTEM_VERSION.copy(out.version, abi::UTS_NAME_SIZE - 1);
    SYSTEM_MACHINE.copy(out.machine, abi::UTS_NAME_SIZE - 1);
    auto current = names.lock();
    std::copy_n(current->host, abi::UTS_NAME_SIZE, out.nodename);
    std::copy_n(current->domain, abi::UTS_NAME_SIZE, out.domainname);
    return out;
}

void apply_personality(abi::utsname& shown, abi::PersonalityFlags flags) {
    if (has(flags, abi::PersonalityFlags::Uname26)) {
        // LINUX: 6.1 shows itself as 2.6.61 (override_release).
        constexpr std::string_view OLD_RELEASE = "2.6.61";
        constexpr std::string_view OUR_RELEASE = "6.1.0";
        static_assert(SYSTEM_RELEASE.starts_with(OUR_RELEASE));
        std::fill_n(shown.release, abi::UTS_NAME_SIZE, '\0');
        const usize length = OLD_RELEASE.copy(shown.release, abi::UTS_NAME_SIZE - 1);
        SYSTEM_RELEASE.substr(OUR_RELEASE.size())
            .copy(shown.release + length, abi::UTS_NAME_SIZE - 1 - length);
    }
    if ((abi::raw(flags) & abi::PERSONALITY_DOMAIN) != abi::DOMAIN_LINUX32) return;
    std::fill_n(shown.machine, abi::UTS_NAME_SIZE, '\0');
    std::string_view("i686").copy(shown.machine, abi::UTS_NAME_SIZE - 1);
}

Result<> set_system_name(ChangeableName which, std::span<const u8> name) {
    if (name.size() >= abi::UTS_NAME_SIZE) return Error::Einval;
    auto current = names.lock();
    char* target = which == ChangeableName::Host ? current->host : current->domain;
    std::fill_n(target, abi::UTS_NAME_SIZE, '\0');
    std::copy(name.begin(), name.end(), target);
    return {};
}

}  // namespace exo::posix_x

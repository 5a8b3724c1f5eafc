#include "settings.hpp"

#include "system.hpp"

namespace {

constexpr usize MOST_GROUPS = 64;

int error_of(isize result) { return sys::failed(result) ? static_cast<int>(-result) : 0; }

/// Makes a folder with all that lead to it, as `mkdir -p` does.
int make_folders(Text path) {
    TextBuilder<4096> made;
    while (path.size > 0) {
        const Text part = path.take_until('/');
        if (part.size == 0) continue;
        made.add("/").add(part);
        if (made.is_full()) return linux::ENAMETOOLONG;
        const int error = error_of(sys::mkdir(made.terminated(), 0755));
        if (error != 0 && error != linux::EEXIST) return error;
    }
    return 0;
}

int mount_tmpfs(Text rest) {
    const Text options = rest.take_until(' ');
    TextBuilder<512> data;
    if (!(options == "-")) data.add(options);
    TextBuilder<4096> path;
    path.add(rest);
    if (data.is_full() || path.is_full()) return linux::ENAMETOOLONG;
    const int error = make_folders(rest);
    if (error != 0) return error;
    return error_of(
        sys::mount("tmpfs", path.terminated(), linux::MS_NOSUID | linux::MS_NODEV, data.terminated()));
}

int limit(Text rest) {
    const auto resource = static_cast<usize>(rest.take_until(' ').long_number());
    const linux::Limit value{rest.take_until(' ').long_number(), rest.long_number()};
    return error_of(sys::setrlimit(resource, value));
}

/// Sets the groups first and the user last, because nothing can be changed after that.
int become(Text rest) {
    const auto user = static_cast<u32>(rest.take_until(' ').long_number());
    u32 groups[MOST_GROUPS];
    usize count = 0;
    while (rest.size > 0 && count < MOST_GROUPS)
        groups[count++] = static_cast<u32>(rest.take_until(' ').long_number());
    if (count == 0) return linux::EINVAL;
    for (int fd = 0; fd <= 2; ++fd) sys::fchown(fd, user, static_cast<u32>(-1));
    int error = error_of(sys::setgroups(groups, count));
    if (error == 0) error = error_of(sys::setgid(groups[0]));
    return error != 0 ? error : error_of(sys::setuid(user));
}

template <typename Apply> SettingError each_line(Text lines, Apply apply) {
    while (lines.size > 0) {
        const Text line = lines.take_until('\n');
        Text rest = line;
        const Text word = rest.take_until(' ');
        const int error = apply(word, rest);
        if (error != 0) return {error, line};
    }
    return {};
}

}  // namespace

SettingError apply_machine_settings(Text lines, const char* directory) {
    return each_line(lines, [directory](Text word, Text rest) {
        if (word == "hostname") return error_of(sys::sethostname(rest.data, rest.size));
        if (word == "tmpfs") return mount_tmpfs(rest);
        if (word == "create-cwd") return make_folders(directory);
        if (word == "read-only")
            return error_of(
                sys::mount("none", "/", linux::MS_REMOUNT | linux::MS_BIND | linux::MS_RDONLY, ""));
        return 0;
    });
}

SettingError apply_program_settings(Text lines) {
    return each_line(lines, [](Text word, Text rest) {
        if (word == "limit") return limit(rest);
        if (word == "user") return become(rest);
        return 0;
    });
}

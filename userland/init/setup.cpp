#include "setup.hpp"

#include "system.hpp"
#include "text.hpp"

void mount_file_systems() {
    struct Mount {
        const char* type;
        const char* target;
        usize flags;
        const char* data = nullptr;
    };
    static constexpr usize QUIET = linux::MS_NOSUID | linux::MS_NODEV | linux::MS_NOEXEC;
    static constexpr Mount MOUNTS[] = {
        {"devtmpfs", "/dev", linux::MS_NOSUID},
        {"proc", "/proc", QUIET},
        {"sysfs", "/sys", QUIET},
        {"devpts", "/dev/pts", linux::MS_NOSUID | linux::MS_NOEXEC, "mode=620,ptmxmode=666"},
        {"tmpfs", "/dev/shm", linux::MS_NOSUID | linux::MS_NODEV, "mode=1777"},
    };
    for (const Mount& entry : MOUNTS) {
        sys::mkdir(entry.target, 0755);
        // EBUSY: the kernel has mounted it already. ENODEV: it has no such file system; a program that needs
        // one finds the empty directory. Only /dev is needed here, and missing devices are reported below.
        sys::mount(entry.type, entry.target, entry.flags, entry.data);
    }
}

void link_standard_streams() {
    struct Link {
        const char* name;
        const char* target;
    };
    static constexpr Link LINKS[] = {
        {"/dev/fd", "/proc/self/fd"},
        {"/dev/stdin", "/proc/self/fd/0"},
        {"/dev/stdout", "/proc/self/fd/1"},
        {"/dev/stderr", "/proc/self/fd/2"},
    };
    // A name that is there already (EEXIST) stays what it is.
    for (const Link& link : LINKS) sys::symlink(link.target, link.name);
}

void occupy_standard_descriptors() {
    isize fd = 0;
    while (fd >= 0 && fd <= 2) fd = sys::open("/dev/null", linux::O_RDWR);
    if (fd > 2) sys::close(static_cast<int>(fd));
}

void set_host_name() {
    const isize fd = sys::open("/etc/hostname", linux::O_RDONLY | linux::O_CLOEXEC);
    if (sys::failed(fd)) return;
    char content[64];
    const isize size = sys::read(static_cast<int>(fd), content, sizeof content);
    sys::close(static_cast<int>(fd));
    if (size <= 0) return;
    const Text name = Text{content, static_cast<usize>(size)}.take_until('\n');
    sys::sethostname(name.data, name.size);
}

namespace {

/// Writes a file in the place of what is there, which may be a link into another file system.
void replace_file(const char* path, Text content) {
    sys::unlink(path);
    const isize fd =
        sys::open(path, linux::O_WRONLY | linux::O_CREAT | linux::O_EXCL | linux::O_CLOEXEC, 0644);
    if (sys::failed(fd)) return;
    sys::write(static_cast<int>(fd), content.data, content.size);
    sys::close(static_cast<int>(fd));
}

}  // namespace

// The kernel's DHCP client tells in /proc/net/pnp, in the words of resolv.conf, what it was told.
void write_name_servers() {
    const isize fd = sys::open("/proc/net/pnp", linux::O_RDONLY | linux::O_CLOEXEC);
    if (sys::failed(fd)) return;
    char content[1024];
    const isize size = sys::read(static_cast<int>(fd), content, sizeof content);
    sys::close(static_cast<int>(fd));
    if (size <= 0) return;
    Text told{content, static_cast<usize>(size)};
    if (told.take_until('\n') == Text("#MANUAL")) return;
    sys::mkdir("/etc", 0755);
    replace_file("/etc/resolv.conf", told);
}

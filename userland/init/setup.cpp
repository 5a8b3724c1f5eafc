#include "setup.hpp"

#include "system.hpp"
#include "text.hpp"

void mount_file_systems() {
    struct Mount {
        const char* type;
        const char* target;
        usize flags;
    };
    static constexpr usize QUIET = linux::MS_NOSUID | linux::MS_NODEV | linux::MS_NOEXEC;
    static constexpr Mount MOUNTS[] = {
        {"devtmpfs", "/dev", linux::MS_NOSUID},
        {"proc", "/proc", QUIET},
        {"sysfs", "/sys", QUIET},
    };
    for (const Mount& entry : MOUNTS) {
        sys::mkdir(entry.target, 0755);
        // EBUSY: the kernel has mounted it already. ENODEV: it has no such file system; a program that needs
        // one finds the empty directory. Only /dev is needed here, and missing devices are reported below.
        sys::mount(entry.type, entry.target, entry.flags);
    }
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

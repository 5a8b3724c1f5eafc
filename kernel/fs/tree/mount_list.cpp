// The content of /proc/mounts and /proc/PID/mountinfo (proc(5)).
#include "fs/tree/name_tree.hpp"
#include "utils/format.hpp"

namespace exo::fs {

namespace {

/// Writes blanks and backslashes as octal escapes, so that a line has a fixed number of fields.
Result<> append_escaped(String& out, std::string_view text) {
    for (const char c : text) {
        if (c != ' ' && c != '\t' && c != '\n' && c != '\\' && c != '#') {
            TRY(out.push(c));
            continue;
        }
        const auto value = static_cast<u8>(c);
        const char escape[] = {'\\', static_cast<char>('0' + (value >> 6)),
                               static_cast<char>('0' + (value >> 3 & 7)),
                               static_cast<char>('0' + (value & 7))};
        TRY(out.append({escape, sizeof(escape)}));
    }
    return {};
}

/// The path of the mount as seen from `root`; empty if it is not reachable from there.
Result<String> mountpoint_text(Mount& mount, const Path& root) {
    Path place{Ref<Mount>(&mount), Ref<Dentry>(&mount.root())};
    String text;
    if (TRY(append_path(place, root, text)) == PathState::Unreachable) text.clear();
    return text;
}

/// Appends the path, in its file system, of the part that the mount shows.
Result<> append_root(const Mount& mount, String& out) {
    String text;
    {
        Vector<std::string_view> names;
        auto tree = name_tree.lock();
        for (const Dentry* dentry = &mount.root(); dentry->parent() != nullptr; dentry = dentry->parent())
            TRY(names.push(dentry->name()));
        while (!names.is_empty()) {
            TRY(text.push('/'));
            TRY(text.append(names.take_back()));
        }
    }
    return append_escaped(out, text.is_empty() ? std::string_view("/") : text.view());
}

Result<> append_super_options(const Mount& mount, String& out) {
    TRY(out.append(mount.file_system().is_read_only() ? "ro" : "rw"));
    return mount.file_system().append_options(out);
}

Result<> append_mounts_line(const Mount& mount, std::string_view mountpoint, String& out) {
    TRY(append_escaped(out, mount.source()));
    TRY(out.push(' '));
    TRY(append_escaped(out, mountpoint));
    TRY(format_append(out, " {} ", mount.file_system().type_name()));
    TRY(append_mount_options(mount, out));
    TRY(mount.file_system().append_options(out));
    return out.append(" 0 0\n");
}

Result<> append_mountinfo_line(const Mount& mount, std::string_view mountpoint, String& out) {
    const abi::DeviceNumber device = mount.file_system().device();
    const u32 parent = mount.parent() != nullptr ? mount.parent()->id() : mount.id();
    TRY(format_append(out, "{} {} {}:{} ", mount.id(), parent, device.major, device.minor));
    TRY(append_root(mount, out));
    TRY(out.push(' '));
    TRY(append_escaped(out, mountpoint));
    TRY(out.push(' '));
    TRY(append_mount_options(mount, out));
    if (mount.is_unbindable()) TRY(out.append(" unbindable"));
    TRY(format_append(out, " - {} ", mount.file_system().type_name()));
    TRY(append_escaped(out, mount.source()));
    TRY(out.push(' '));
    TRY(append_super_options(mount, out));
    return out.push('\n');
}

}  // namespace

Result<> append_mount_options(const Mount& mount, String& out) {
    struct Name {
        MountOptions option;
        std::string_view text;
    };
    static constexpr Name NAMES[] = {
        {MountOptions::NoSuid, ",nosuid"},           {MountOptions::NoDev, ",nodev"},
        {MountOptions::NoExec, ",noexec"},           {MountOptions::NoAtime, ",noatime"},
        {MountOptions::NoDirAtime, ",nodiratime"},   {MountOptions::RelAtime, ",relatime"},
        {MountOptions::NoSymFollow, ",nosymfollow"},
    };
    TRY(out.append(mount.is_read_only() ? "ro" : "rw"));
    for (const Name& name : NAMES) {
        if (has(mount.options(), name.option)) TRY(out.append(name.text));
    }
    return {};
}

Result<bool> append_mounts(MountNamespace& mounts, const Path& root, MountListFormat format, u64& cursor,
                           IsEnough is_enough, String& out) {
    u64 position = 0;
    bool has_more = false;
    TRY(mounts.for_each([&](Mount& mount) -> Result<MountNamespace::Visit> {
        if (position++ < cursor) return MountNamespace::Visit::Continue;
        const String mountpoint = TRY(mountpoint_text(mount, root));
        if (!mountpoint.is_empty()) {
            const usize line_start = out.size();
            if (format == MountListFormat::Mounts)
                TRY(append_mounts_line(mount, mountpoint, out));
            else
                TRY(append_mountinfo_line(mount, mountpoint, out));
            has_more = is_enough(out, line_start);
            if (has_more) return MountNamespace::Visit::Stop;
        }
        cursor = position;
        return MountNamespace::Visit::Continue;
    }));
    return has_more;
}

}  // namespace exo::fs

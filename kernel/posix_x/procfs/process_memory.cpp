// cmdline, environ and maps: the memory of a process.
#include "posix_x/procfs/process_files.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x::procfs {

namespace {

/// The limit of a block. A program may set any end address; the kernel itself never writes more than this.
constexpr u64 LARGEST_BLOCK = 2 * MIB;

/// Appends the bytes [start, end) of the program, up to the first that cannot be read.
Result<> append_block(const ProcessView& view, u64 start, u64 end, String& out) {
    if (!view.space || start >= end || end - start > LARGEST_BLOCK) return {};
    for (u64 at = start; at < end;) {
        char bytes[256];
        const usize size = static_cast<usize>(std::min<u64>(sizeof(bytes), end - at));
        // SAFETY: characters are bytes.
        if (!view.space->read_remote(at, {reinterpret_cast<u8*>(bytes), size})) return {};
        TRY(out.append({bytes, size}));
        at += size;
    }
    return {};
}

/// LINUX: the name begins in column 74, after padding.
constexpr usize NAME_COLUMN = 73;

/// LINUX: seq_file_path with "\n": only a newline in a name is escaped, because it would end the line.
Result<> append_on_one_line(std::string_view text, String& out) {
    while (true) {
        const usize end = text.find('\n');
        TRY(out.append(text.substr(0, end)));
        if (end == std::string_view::npos) return {};
        TRY(out.append("\\012"));
        text.remove_prefix(end + 1);
    }
}

Result<> append_file_name(const vm::AreaInformation& area, const fs::Path& root, String& out) {
    const auto& file = static_cast<const fs::File&>(*area.file);
    if (!file.path()) return out.append("/anonymous");
    if (file.path().mount->is_nameless()) return append_on_one_line(file.path().mount->source(), out);
    String path;
    const fs::PathState state = TRY(fs::append_path(file.path(), root, path));
    TRY(append_on_one_line(path.view(), out));
    return state == fs::PathState::Deleted ? out.append(" (deleted)") : Result<>{};
}

/// LINUX: shared memory without a file appears as a deleted file of an internal tmpfs.
constexpr abi::DeviceNumber SHARED_MEMORY_DEVICE{0, 1};
constexpr std::string_view SHARED_MEMORY_NAME = "/dev/zero (deleted)";

Result<> append_area(const vm::AreaInformation& area, const fs::Path& root, String& out) {
    const usize line_start = out.size();
    const vm::Protection protection = area.kind.protection;
    u64 inode = area.source ? area.source->number_without_file() : 0;
    const bool is_shared_memory = inode != 0;
    const bool is_file = !is_shared_memory && area.file && area.file->object_kind() == ObjectKind::File;
    abi::DeviceNumber device = is_shared_memory ? SHARED_MEMORY_DEVICE : abi::DeviceNumber{};
    if (is_file) {
        const fs::Inode& node = static_cast<const fs::File&>(*area.file).inode();
        inode = node.number();
        device = node.file_system().device();
    }
    TRY(format_append(out, "{:08x}-{:08x} {}{}{}{}", area.start, area.end,
                      has(protection, vm::Protection::Read) ? 'r' : '-',
                      has(protection, vm::Protection::Write) ? 'w' : '-',
                      has(protection, vm::Protection::Exec) ? 'x' : '-',
                      has(area.kind.flags, vm::AreaFlags::Shared) ? 's' : 'p'));
    TRY(format_append(out, " {:08x} {:02x}:{:02x} {} ", is_file || is_shared_memory ? area.offset : 0,
                      device.major, device.minor, inode));
    const bool is_stack = has(area.kind.flags, vm::AreaFlags::GrowsDown);
    const std::string_view special =
        area.source ? area.source->special_name(area.offset >> PAGE_SHIFT) : std::string_view{};
    if (is_file || is_shared_memory || area.is_heap || is_stack || !special.empty()) {
        while (out.size() - line_start < NAME_COLUMN) TRY(out.push(' '));
        if (is_shared_memory)
            TRY(out.append(SHARED_MEMORY_NAME));
        else if (!special.empty())
            TRY(out.append(special));
        else if (is_file)
            TRY(append_file_name(area, root, out));
        else
            TRY(out.append(area.is_heap ? "[heap]" : "[stack]"));
    }
    return out.push('\n');
}

}  // namespace

Result<> generate_process_arguments(Process&, const ProcessView& view, String& out) {
    return append_block(view, view.places.arguments_start, view.places.arguments_end, out);
}

Result<> generate_process_environment(Process&, const ProcessView& view, String& out) {
    return append_block(view, view.places.environment_start, view.places.environment_end, out);
}

/// The cursor is an address, so mappings that are made or removed between two reads do not shift the others.
/// LINUX: m_start.
Result<fs::GeneratedFile::More> generate_process_maps(Process&, const ProcessView& view, u64& cursor,
                                                      String& out) {
    using fs::GeneratedFile;
    if (!view.space) return GeneratedFile::More::No;
    const fs::Path root = current_task().paths().root();
    while (const auto area = view.space->area_above(cursor)) {
        const usize line_start = out.size();
        TRY(append_area(*area, root, out));
        if (GeneratedFile::takes_back(out, line_start)) return GeneratedFile::More::Yes;
        cursor = area->end;
        TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
    }
    return GeneratedFile::More::No;
}

}  // namespace exo::posix_x::procfs

#include "posix_x/procfs/process_nodes.hpp"

#include <array>

#include "posix_x/lifecycle/pidfd.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "scheduler/preemption.hpp"
#include "utils/bytes.hpp"
#include "utils/parse.hpp"

namespace exo::posix_x::procfs {

Owner Owner::of_directory(const ProcessView& view) {
    if (!view.identity) return {};
    return {view.identity->euid, view.identity->egid};
}

Owner Owner::of_file(const ProcessView& view) { return view.is_dumpable ? of_directory(view) : Owner{}; }

std::optional<u32> parse_number_name(std::string_view name) {
    if (name.size() > 1 && name.front() == '0') return std::nullopt;
    const auto number = parse_unsigned(name);
    if (!number || *number > INT32_MAX) return std::nullopt;
    return static_cast<u32>(*number);
}

// ---- Files and links

/// Nothing if the process is gone and the file then reads as empty. Errors: Esrch.
Result<std::optional<ProcessView>> ProcessFile::view() {
    Result<ProcessView> view = look_at(*process_, tid_);
    if (!view) {
        if (kind_.after_end == AfterEnd::Esrch) return view.error();
        if (kind_.after_end == AfterEnd::Nothing) return std::optional<ProcessView>();
        view = ProcessView{};
    }
    if (kind_.access == FileAccess::SeesMounts) view->mounts_root = *mounts_root_.lock();
    return std::optional<ProcessView>(std::move(*view));
}

Result<> ProcessFile::generate(String& out) {
    const std::optional<ProcessView> seen = TRY(view());
    return seen ? kind_.generate(*process_, *seen, out) : Result<>();
}

Result<fs::GeneratedFile::More> ProcessFile::generate_piece(u64& cursor, String& out) {
    if (kind_.generate_piece == nullptr) return GeneratedFile::generate_piece(cursor, out);
    const std::optional<ProcessView> seen = TRY(view());
    return seen ? kind_.generate_piece(*process_, *seen, cursor, out) : Result<More>(More::No);
}

Result<> ProcessFile::check_open(const fs::OpenRequest& request) {
    if (kind_.access == FileAccess::Anybody) return {};
    const ProcessView view = TRY(look_at(*process_, tid_));
    if (kind_.access == FileAccess::Tracers) return check_trace_access(*process_, view, request.credentials);
    if (!view.paths) return Error::Einval;
    fs::Path root = view.paths->root();
    std::swap(*mounts_root_.lock(), root);  // the old one goes after the lock
    return {};
}

Result<usize> ProcessFile::accept(std::span<const u8> bytes, u64, const fs::Credentials&) {
    TRY(look_at(*process_, tid_));
    if (kind_.accept == nullptr) return Error::Einval;
    TRY(kind_.accept(*process_, as_text(bytes)));
    return bytes.size();
}

Result<fs::Path> ProcessLink::target() const {
    const Result<ProcessView> view = look_at(*process_, tid_);
    if (!view) return Error::Enoent;
    TRY(check_trace_access(*process_, *view));
    return kind_.target(*view);
}

Result<> ProcessLink::read_link(String& out) {
    const fs::Path place = TRY(target());
    if (TRY(fs::append_path(place, current_task().paths().root(), out)) == fs::PathState::Deleted)
        return out.append(" (deleted)");
    return {};
}

Result<fs::Path> ProcessLink::follow(const fs::Credentials&) { return target(); }

// ---- /proc/PID

namespace {

/// The order of entries: directories, then files, then links. The position is an entry's index.
constexpr std::string_view DIRECTORIES[] = {"fd", "fdinfo", "task"};
constexpr usize DESCRIPTORS_INDEX = 0;
constexpr usize INFORMATION_INDEX = 1;
constexpr usize TASK_INDEX = 2;

Ref<fs::FileSystem> the_file_system() { return fs::procfs().file_system; }

}  // namespace

u32 ProcessDirectory::folders() const {
    return static_cast<u32>(std::size(DIRECTORIES)) - (level_ == Level::Task ? 1 : 0);
}

/// Makes a directory; null if the process has none.
Result<Ref<fs::Inode>> ProcessDirectory::make_directory(usize index, const ProcessView& view) {
    const u64 node = entry_number(number(), index);
    switch (index) {
        case DESCRIPTORS_INDEX:
            return make_descriptor_directory(the_file_system(), node, process_, tid_, view);
        case INFORMATION_INDEX:
            return make_descriptor_information(the_file_system(), node, process_, tid_, view);
        default:
            if (level_ == Level::Task) return Ref<fs::Inode>();
            return Ref<fs::Inode>( TRY(make_ref<TasksDirectory>(
                the_file_system(), node, process_, std::max(view.threads, 1U), Owner::of_directory(view))));
    }
}

Result<Ref<fs::Inode>> ProcessDirectory::find(std::string_view name) {
    const Result<ProcessView> view = look_at(*process_, tid_);
    if (!view) return Ref<fs::Inode>();
    const Owner owner = Owner::of_file(*view);
    usize index = 0;
    for (const std::string_view directory : DIRECTORIES) {
        if (directory == name) return make_directory(index, *view);
        ++index;
    }
    for (const ProcessFileKind& kind : process_files()) {
        if (kind.name == name && !(kind.is_only_of_process && level_ == Level::Task))
            return Ref<fs::Inode>(TRY(make_ref<ProcessFile>(the_file_system(), entry_number(number(), index),
                                                            process_, tid_, kind, owner)));
        ++index;
    }
    for (const ProcessLinkKind& kind : process_links()) {
        if (kind.name == name)
            return Ref<fs::Inode>(TRY(make_ref<ProcessLink>(the_file_system(), entry_number(number(), index),
                                                            process_, tid_, kind, owner)));
        ++index;
    }
    return Ref<fs::Inode>();
}

Result<> ProcessDirectory::list(u64 cookie, fs::DirectorySink sink) {
    if (!is_present(*process_)) return Error::Enoent;
    const auto files = process_files();
    const auto links = process_links();
    for (u64 at = cookie;; ++at) {
        usize index = static_cast<usize>(at - fs::FIRST_COOKIE);
        fs::DirectoryEntry entry{
            .name = {}, .inode_number = entry_number(number(), index), .next_cookie = at + 1};
        if (index < std::size(DIRECTORIES)) {
            if (index == TASK_INDEX && level_ == Level::Task) continue;
            entry.name = DIRECTORIES[index];
            entry.mode = abi::mode::DIRECTORY | 0555;
        } else if ((index -= std::size(DIRECTORIES)) < files.size()) {
            if (files[index].is_only_of_process && level_ == Level::Task) continue;
            entry.name = files[index].name;
            entry.mode = abi::mode::REGULAR | files[index].mode;
        } else if ((index -= files.size()) < links.size()) {
            entry.name = links[index].name;
            entry.mode = abi::mode::SYMLINK | 0777;
        } else {
            return {};
        }
        if (!sink(std::move(entry))) return {};
    }
}

// ---- /proc/PID/task

Result<Ref<fs::Inode>> TasksDirectory::find(std::string_view name) {
    const auto number = parse_number_name(name);
    if (!number || *number == 0) return Ref<fs::Inode>();
    const Pid tid = static_cast<Pid>(*number);
    const Result<ProcessView> view = look_at(*process_, tid);
    if (!view) return Ref<fs::Inode>();
    return Ref<fs::Inode>(TRY(make_ref<ProcessDirectory>(the_file_system(), process_, tid, Level::Task,
                                                         Owner::of_directory(*view))));
}

/// Collects the task numbers of a process from `position` on: the leader first, then the other tasks. Returns
/// how many.
static usize collect_tids(Process& process, u64 position, std::span<Pid> out) {
    usize count = 0;
    u64 at = 0;
    const auto add = [&](Pid tid) {
        if (at++ >= position) out[count++] = tid;
    };
    add(process.pid());
    auto state = process.signals.lock();
    for (const Task& task : state->tasks) {
        if (count == out.size()) break;
        if (&task != state->leader.get()) add(task.tid());
    }
    return count;
}

Result<> TasksDirectory::list(u64 cookie, fs::DirectorySink sink) {
    if (!is_present(*process_)) return Error::Enoent;
    std::array<Pid, 32> tids;
    while (const usize count = collect_tids(*process_, cookie - fs::FIRST_COOKIE, tids)) {
        for (const Pid tid : std::span(tids).first(count)) {
            String name;
            TRY(format_append(name, "{}", tid));
            if (!sink(
                    {name.view(), directory_number(tid, Level::Task), abi::mode::DIRECTORY | 0555, ++cookie}))
                return {};
        }
        scheduler::preempt_point();
    }
    return {};
}

// ---- /proc: the processes, and the caller's own

namespace {

class ProcessesDirectory final : public fs::GeneratedDirectory {
  public:
    explicit ProcessesDirectory(Ref<fs::FileSystem> file_system)
        : GeneratedDirectory(file_system, file_system->next_inode_number(), 0555) {}

    Result<Ref<fs::Inode>> find(std::string_view name) override {
        const auto pid = parse_number_name(name);
        Ref<Process> process = pid ? PROCESSES.find_by_task(static_cast<Pid>(*pid)) : Ref<Process>();
        if (!process) return Ref<fs::Inode>();
        // LINUX: a task that is no leader can be opened here, and is not listed.
        const TaskOf tid = static_cast<Pid>(*pid) == process->pid() ? 0 : static_cast<Pid>(*pid);
        const Result<ProcessView> view = look_at(*process, tid);
        if (!view) return Ref<fs::Inode>();
        return Ref<fs::Inode>(TRY(make_ref<ProcessDirectory>(the_file_system(), std::move(process), tid,
                                                             Level::Process, Owner::of_directory(*view))));
    }
    /// A cookie is the pid, moved.
    Result<> list(u64 cookie, fs::DirectorySink sink) override {
        Pid next = static_cast<Pid>(std::min<u64>(cookie - fs::FIRST_COOKIE, INT32_MAX));
        while (true) {
            Ref<Process> process;
            {
                auto tree = PROCESSES.lock();
                process = Ref<Process>(tree->by_pid.lower_bound(next));
            }
            if (!process) return {};
            next = process->pid() + 1;
            String name;
            TRY(format_append(name, "{}", process->pid()));
            if (!sink({name.view(), directory_number(process->pid(), Level::Process),
                       abi::mode::DIRECTORY | 0555, fs::FIRST_COOKIE + static_cast<u64>(next)}))
                return {};
        }
    }
};

Result<> append_self(String& out) {
    Task* task = current_task_or_null();
    if (task == nullptr) return Error::Enoent;
    return format_append(out, "{}", task->process->pid());
}

Result<> append_thread_self(String& out) {
    Task* task = current_task_or_null();
    if (task == nullptr) return Error::Enoent;
    return format_append(out, "{}/task/{}", task->process->pid(), task->tid());
}

}  // namespace

Result<> add_processes() {
    fs::StaticDirectory& root = *fs::procfs().directory;
    TRY(root.add_link("self", append_self));
    TRY(root.add_link("thread-self", append_thread_self));
    root.set_fallback(TRY(make_ref<ProcessesDirectory>(the_file_system())));
    return {};
}

}  // namespace exo::posix_x::procfs

namespace exo::posix_x {

Ref<Process> process_of_directory(const fs::File& file) {
    const fs::Inode& inode = file.inode();
    const auto pid = static_cast<Pid>(inode.number() >> 32);
    // The numbers of all other nodes of procfs differ from that of every directory /proc/PID.
    const bool is_one = inode.file_system().type_name() == "proc" && pid != 0 &&
                        inode.number() == procfs::directory_number(pid, procfs::Level::Process);
    return is_one ? static_cast<const procfs::ProcessDirectory&>(inode).process() : Ref<Process>();
}

}  // namespace exo::posix_x

#include "posix_x/lifecycle/exec.hpp"
#include "posix_x/files/closing.hpp"
#include "posix_x/futex/robust_list.hpp"

#include <algorithm>

#include "abi/linux/limits.hpp"
#include "abi/linux/process.hpp"
#include "drivers/random/random.hpp"
#include "fs/tree/permission.hpp"
#include "log/log.hpp"
#include "posix_x/credentials/gained.hpp"
#include "posix_x/lifecycle/deliver.hpp"
#include "posix_x/lifecycle/exit.hpp"
#include "posix_x/lifecycle/loader.hpp"
#include "posix_x/lifecycle/script.hpp"
#include "posix_x/lifecycle/stack_image.hpp"
#include "posix_x/lifecycle/vdso.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/scheduling/rseq.hpp"
#include "posix_x/x86_64/start_registers.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {

namespace {

constinit std::atomic<bool> randomises_addresses{true};

constexpr u64 STACK_TOP = memory::USER_END;
constexpr u64 POSITION_INDEPENDENT_BASE = (memory::USER_END / 3 * 2) & ~(PAGE_SIZE - 1);  // ELF_ET_DYN_BASE
constexpr u64 MIN_MAP_GAP = 128 * MIB;
constexpr u64 INITIAL_STACK_SIZE = 132 * KIB;

/// An open executable. It refuses writers to its file.
class Executable {
  public:
    /// Errors: Eacces, Enxio (a file without a type), Etxtbsy, and those of path walks.
    static Result<Executable> open(Task& task, const ExecuteRequest& request) {
        auto walk = has(request.flags, abi::AtFlags::SymlinkNofollow) ? fs::WalkFlags::None
                                                                      : fs::WalkFlags::FollowLast;
        if (has(request.flags, abi::AtFlags::EmptyPath)) walk |= fs::WalkFlags::AllowEmpty;
        const fs::Path path = TRY(fs::resolve(task.caller(), request.start, request.path, walk));
        const fs::Inode& inode = path.inode();
        if (inode.is_symlink()) return Error::Eloop;
        // LINUX: an eventfd and its like are of no type: may_open asks for their permissions, and then they cannot be opened.
        const bool has_type = (inode.mode() & abi::mode::TYPE_MASK) != 0;
        if (has_type && (!inode.is_regular() || has(path.mount->options(), fs::MountOptions::NoExec)))
            return Error::Eacces;
        TRY(fs::check_permission(inode, abi::AccessMode::Execute, task.credentials()));
        if (!has_type) return Error::Enxio;
        Ref<fs::File> file = TRY(fs::open_path(path, abi::OpenFlags::Rdonly, fs::KERNEL_CREDENTIALS));
        TRY(file->inode().deny_write());
        return Executable(std::move(file));
    }
    Executable(Executable&& other) noexcept = default;
    Executable& operator=(Executable&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~Executable() {
        if (file_) file_->inode().end_deny_write();
    }
    fs::File& file() const { return *file_; }
    /// Gives the file away with its protection from writers.
    Ref<fs::File> take() { return std::move(file_); }

  private:
    explicit Executable(Ref<fs::File> file) : file_(std::move(file)) {}
    Ref<fs::File> file_;
};

u64 random_pages(u32 bits) { return (drivers::RANDOM.next_u64() & ((1ULL << bits) - 1)) << PAGE_SHIFT; }

/// The addresses of the parts of the new program (Linux: mmap_base, arch_randomize_brk and related
/// functions).
struct Placement {
    u64 stack_top = STACK_TOP;
    u64 map_top = 0;
    u64 program_base = POSITION_INDEPENDENT_BASE;
    u64 brk_shift = 0;
    u64 stack_shift = 0;
};

Placement choose_placement(bool randomises, u64 stack_limit) {
    Placement placement;
    // LINUX: mmap_base. A limit near the largest number would overflow with what is added, and stays as it is.
    constexpr u64 RANDOM_STACK = 16 * GIB - PAGE_SIZE;
    const u64 pad = (randomises ? RANDOM_STACK : 0) + vm::AreaSet::STACK_GUARD_GAP;
    const u64 gap =
        std::clamp(checked_add(stack_limit, pad).value_or(stack_limit), MIN_MAP_GAP, STACK_TOP / 6 * 5);
    placement.map_top = align_up(STACK_TOP - gap - (randomises ? random_pages(28) : 0), PAGE_SIZE);
    if (!randomises) return placement;
    placement.stack_top -= random_pages(22);
    placement.program_base += random_pages(28);
    placement.brk_shift = random_pages(13);
    placement.stack_shift = drivers::RANDOM.next_u64() & 0x1ff0;
    return placement;
}

/// Everything that is made before the old program is discarded.
struct NewProgram {
    Ref<vm::AddressSpace> space;
    NewCredentials credentials;
    StackPlaces places;
    Ref<ProgramImage> image;
    u64 entry = 0;
};

Result<> map_stack(vm::AddressSpace& space, const Placement& placement, StackPermission permission,
                   u64 size_needed, u64 limit) {
    const u64 least = align_up(size_needed + 2 * PAGE_SIZE, PAGE_SIZE);
    const u64 most = std::max(align_down(limit, PAGE_SIZE), least);
    const u64 size = std::min(std::max(INITIAL_STACK_SIZE, least), most);
    vm::MapRequest request;
    request.address = placement.stack_top - size;
    request.length = size;
    request.protection = vm::Protection::Read | vm::Protection::Write;
    if (permission == StackPermission::Executable)
        request.protection = request.protection | vm::Protection::Exec;
    request.flags = abi::MapFlags::Private | abi::MapFlags::Fixed | abi::MapFlags::Anonymous |
                    abi::MapFlags::Growsdown | abi::MapFlags::Stack;
    TRY(space.map(std::move(request)));
    return {};
}

/// PT_INTERP: the dynamic linker. It is opened before the old program is discarded.
struct Interpreter {
    Executable executable;
    ParsedProgram parsed;
};

Result<Interpreter> open_interpreter(Task& task, fs::File& program, const FileRange& range) {
    Vector<u8> path;
    TRY(path.resize(range.size));
    TRY(program.read_exactly(path.span(), range.offset));
    TRY(check_interpreter_path(path.span()));
    // SAFETY: bytes are characters; the last is a NUL.
    const std::string_view name{reinterpret_cast<const char*>(path.data())};
    Executable executable = TRY(Executable::open(task, {.path = name}));
    ParsedProgram parsed = TRY(parse_program(executable.file(), TRY(read_start(executable.file()))));
    return Interpreter{std::move(executable), std::move(parsed)};
}

/// Maps the interpreter at an address that mmap chooses.
Result<LoadedImage> load_interpreter(vm::AddressSpace& space, Interpreter& interpreter) {
    ElfImage& image = *interpreter.parsed.image;
    TRY(image.plan(interpreter.parsed.table.span()));
    u64 bias = 0;
    if (image.header.type == ElfType::PositionIndependent) {
        // A range of the right size, found as mmap finds it; the segments then replace it piece by piece.
        const u64 size = image.highest - image.lowest;
        vm::MapRequest reservation;
        reservation.length = size;
        reservation.flags = abi::MapFlags::Private | abi::MapFlags::Anonymous | abi::MapFlags::Noreserve;
        const u64 address = TRY(space.map(std::move(reservation)));
        TRY(space.unmap(address, size));
        bias = address - image.lowest;
    }
    return load_image(space, interpreter.executable.file(), interpreter.parsed, bias);
}

/// Maps a page of zeros at address 0. LINUX: as on System V. A failure is ignored.
void map_page_zero(vm::AddressSpace& space) {
    vm::MapRequest request;
    request.length = PAGE_SIZE;
    request.protection = vm::Protection::Read | vm::Protection::Exec;
    request.flags = abi::MapFlags::Private | abi::MapFlags::Fixed | abi::MapFlags::Anonymous;
    (void)space.map(std::move(request));
}

/// The opened and parsed files of a program.
struct Parts {
    fs::File& file;
    ParsedProgram& parsed;
    std::optional<Interpreter>& interpreter;
    const ProgramArguments& arguments;
    std::string_view path;
};

/// Makes the new program. In Linux the old program is gone at this step, so an error kills the process
/// (bprm_execve).
Result<> assemble(Task& task, const Parts& parts, NewProgram& program) {
    ElfImage& image = *parts.parsed.image;
    TRY(image.plan(parts.parsed.table.span()));

    const u64 stack_limit = task.process->limit(Resource::Stack);
    using abi::PersonalityFlags;
    const bool randomises =
        randomises_addresses.load() && !task.has_personality(PersonalityFlags::AddrNoRandomize);
    const auto search = task.has_personality(PersonalityFlags::AddrCompatLayout)
                            ? vm::SpaceLayout::Search::BottomUp
                            : vm::SpaceLayout::Search::TopDown;
    const Placement placement = choose_placement(randomises, stack_limit);
    const vm::MemoryLimits limits{.address_space = task.process->limit(Resource::AddressSpace),
                                  .data = task.process->limit(Resource::Data),
                                  .stack = stack_limit};
    program.space = TRY(vm::AddressSpace::create({.map_top = placement.map_top, .search = search}, limits));

    u64 bias = 0;
    if (image.header.type == ElfType::PositionIndependent) {
        // Static ones go near the heap's usual place only with an interpreter to leave room for; both use one base here.
        bias =
            align_down(placement.program_base, image.alignment) - align_down(image.lowest, image.alignment);
    }
    const LoadedImage loaded = TRY(load_image(*program.space, parts.file, parts.parsed, bias));
    program.entry = loaded.entry;
    const u64 brk_start = align_up(bias + image.end_of_memory, PAGE_SIZE) + placement.brk_shift;
    program.space->set_layout({.map_top = placement.map_top, .brk_start = brk_start, .search = search});

    TRY(map_stack(*program.space, placement, image.stack,
                  parts.arguments.size() + parts.path.size() + placement.stack_shift, stack_limit));
    u64 interpreter_base = 0;
    if (parts.interpreter) {
        const LoadedImage interpreter = TRY(load_interpreter(*program.space, *parts.interpreter));
        interpreter_base = interpreter.bias;
        program.entry = interpreter.entry;
    }
    // LINUX: after the interpreter, which so lies where it would without.
    const u64 vdso = TRY(map_vdso(*program.space, placement.stack_top));
    if (task.has_personality(PersonalityFlags::MmapPageZero)) map_page_zero(*program.space);
    const Identity& identity = *program.credentials.identity;
    const StackContent content{
        .arguments = parts.arguments,
        .path = parts.path,
        .program_headers = image.program_headers != 0 ? bias + image.program_headers : 0,
        .program_header_count = image.header.table_count,
        .interpreter_base = interpreter_base,
        .entry = loaded.entry,
        .vdso = vdso,
        .uid = identity.uid,
        .euid = identity.euid,
        .gid = identity.gid,
        .egid = identity.egid,
        .is_secure = program.credentials.is_secure,
        .top = placement.stack_top,
        .random_shift = placement.stack_shift};
    program.places = TRY(write_stack(*program.space, content));
    return {};
}

std::string_view base_name(std::string_view path) {
    const usize slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

void switch_space(Task& task, Ref<vm::AddressSpace> space, Ref<ProgramImage> image) {
    {
        const sync::InterruptsOff no_interrupts;
        vm::switch_address_space(*space);
        task.thread->user()->page_table = &space->page_table();
    }
    {
        auto own = task.resources.lock();
        std::swap(own->space, space);
        std::swap(own->image, image);
    }
    // The old space and image are dropped here, outside the lock.
}

void reset_signals(Task& task, Ref<SignalActions> actions) {
    {
        auto state = task.process->signals.lock();
        std::swap(state->actions, actions);
    }
    task.process->own_actions().reset_handlers();
    // LINUX: the flags stay. Only sigaltstack itself reports them.
    task.alternate_stack = {.flags = task.alternate_stack.flags};
}

/// LINUX: flush_itimer_signals.
void discard_timer_signals(Task& task) {
    auto state = task.process->signals.lock();
    state->pending.discard_timers();
    task.signals(*state).pending.discard_timers();
}

/// Switches to the new program. The point of no return has passed, so nothing here can fail.
void commit(Task& task, NewProgram program, Ref<SignalActions> actions, std::string_view path) {
    Process& process = *task.process;
    announce_end_in_memory(task, AfterMemory::NewProgram);
    forget_rseq(task);
    switch_space(task, std::move(program.space), std::move(program.image));
    if (task.vfork) task.vfork->complete();
    task.vfork = nullptr;
    reset_signals(task, std::move(actions));
    delete_posix_timers(process);
    discard_timer_signals(task);
    {
        // Before the descriptors are closed: who sees that knows that the program has been executed.
        auto tree = PROCESSES.lock();
        Process::Links& links = process.links(*tree);
        links.has_executed = true;
        links.exit_signal = Signal::Chld;
    }
    security::CapabilityTable& files = *task.files();
    files.close_on_exec([&](const Ref<Object>& object) { (void)finish_close(files, object); });
    const NewCredentials& credentials = program.credentials;
    task.set_identity(credentials.identity);
    task.image().is_dumpable.store(credentials.is_dumpable, std::memory_order_relaxed);
    if (credentials.has_gained) task.personality &= ~abi::CLEARED_ON_SETID;
    task.personality &= ~abi::PersonalityFlags::ReadImpliesExec;
    if (credentials.is_another) task.parent_death_signal.store(Signal::None, std::memory_order_relaxed);
    task.thread->set_name(base_name(path));
    start_program(task, program.entry, task.image().places.stack_pointer);
}

/// Makes the program's image, which refuses writers to the file from now on. Errors: Enomem.
Result<> take_image(Executable& executable, NewProgram& program) {
    program.image = TRY(make_ref<ProgramImage>(Ref<fs::File>(&executable.file()), program.places));
    (void)executable.take();  // the image has the protection from writers now
    return {};
}

/// Ends all other tasks of the process and makes the calling task its leader. LINUX: de_thread.
/// Errors: Eagain (the process ends, or another task is already executing a program).
Result<> end_other_tasks(Task& task) {
    Process& process = *task.process;
    {
        auto state = process.signals.lock();
        if (state->must_end(task)) return Error::Eagain;
        if (state->live_tasks > 1 || state->tasks.after(*state->tasks.front()) != nullptr) {
            state->only_survivor = &task;
            state->next_to_tell = state->tasks.front();
        }
    }
    tell_tasks(process);
    const auto is_alone = [&] {
        auto state = process.signals.lock();
        return state->tasks.front() == &task && state->tasks.after(task) == nullptr;
    };
    const Result<> waited = process.task_ended.wait(scheduler::WaitMode::Killable, is_alone);
    process.signals.lock()->only_survivor = nullptr;
    if (!waited) return Error::Eagain;
    (void)PROCESSES.become_leader(task);
    task.thread->set_number(task.tid());
    return {};
}

/// Copies a descriptor table or signal actions that other processes share, so that the program has its own.
Result<> unshare(Task& task, Ref<SignalActions>& actions) {
    if (!task.files().is_only_user()) {
        security::TableUser own = TRY(task.files().clone());
        task.resources.lock()->files = std::move(own);  // swaps: the old one is left after the lock
        leave_files(std::move(own));
    }
    SignalActions& old = task.process->own_actions();
    actions = old.reference_count() > 1 ? TRY(old.clone()) : Ref<SignalActions>(&old);
    return {};
}

Result<> run(Task& task, const ExecuteRequest& request, ProgramArguments arguments) {
    constexpr u32 MAX_SCRIPTS = 5;
    String path = TRY(execution_path(request));
    String interpreter;
    Executable executable = TRY(Executable::open(task, request));
    // argv[0] is there even if the caller gave none (Linux since 5.18).
    if (arguments.arguments.count() == 0) TRY(arguments.arguments.add(""));
    FileStart start = TRY(read_start(executable.file()));
    for (u32 depth = 0; is_script(start); ++depth) {
        if (depth == MAX_SCRIPTS) return Error::Eloop;
        interpreter = TRY(apply_script(start, depth == 0 ? path.view() : interpreter.view(), arguments));
        executable = TRY(Executable::open(task, {.path = interpreter.view()}));
        start = TRY(read_start(executable.file()));
    }
    ParsedProgram parsed = TRY(parse_program(executable.file(), start));
    std::optional<Interpreter> linker;
    if (parsed.image->interpreter)
        linker = TRY(open_interpreter(task, executable.file(), *parsed.image->interpreter));
    NewProgram program;
    program.credentials = TRY(credentials_for(task, executable.file()));
    TRY(end_other_tasks(task));
    // LINUX: begin_new_exec: who started the program does not choose the layout of its memory by the limit.
    constexpr u64 MOST_SECURE_STACK = 8 * MIB;
    if (program.credentials.is_secure) task.process->limits.lower(Resource::Stack, MOST_SECURE_STACK);
    Ref<SignalActions> actions;
    Result<> assembled = unshare(task, actions);
    if (assembled)
        assembled = assemble(task, {executable.file(), parsed, linker, arguments, path.view()}, program);
    if (assembled) assembled = take_image(executable, program);
    if (!assembled) {
        if (actions) reset_signals(task, std::move(actions));
        force_signal({.signal = Signal::Segv, .code = signal_code::KERNEL});
        return assembled;
    }
    commit(task, std::move(program), std::move(actions),
           interpreter.is_empty() ? path.view() : interpreter.view());
    return {};
}

}  // namespace

Result<ProgramArguments> copy_program_arguments(u64 arguments, u64 environment) {
    return copy_arguments(arguments, environment,
                          argument_limit(current_task().process->limit(Resource::Stack)));
}

Result<> execute(const ExecuteRequest& request, ProgramArguments arguments) {
    return run(current_task(), request, std::move(arguments));
}

void disable_address_randomisation() { randomises_addresses.store(false); }

}  // namespace exo::posix_x

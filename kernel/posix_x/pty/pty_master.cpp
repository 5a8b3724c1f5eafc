#include "posix_x/pty/pty_master.hpp"

#include "fs/devfs/devfs.hpp"
#include "fs/tree/name_tree.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/terminal/terminals.hpp"
#include "scheduler/block_until.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

using fs::PollEvents;

namespace {

/// The size of the pieces that move between the program and the pair.
constexpr usize PIECE = 512;

}  // namespace

PtyMaster::PtyMaster(fs::OpenRequest&& request, Ref<Terminal> terminal, Ref<PtyPair> pair,
                     fs::Path devpts_root)
    : TerminalFile(std::move(request), std::move(terminal), Terminal::JobControl::Exempt),
      pair_(std::move(pair)),
      devpts_root_(std::move(devpts_root)) {}

/// LINUX: pty_close.
PtyMaster::~PtyMaster() {
    pair_->close_master();
    terminal().hang_up();
}

Result<usize> PtyMaster::do_read(vm::OutBuffer& to, u64) {
    if (to.remaining() == 0) return 0uz;
    const Turn::Guard turn = TRY(is_nonblocking() ? reading_.take_at_once() : reading_.take());
    u8 piece[PIECE];
    const auto take = [&](PtyPair::Piece which) {
        return pair_->take({piece, std::min(to.remaining(), sizeof(piece))}, which);
    };
    const auto is_ready = [&] { return has(pair_->master_events(), PollEvents::In | PollEvents::Hup); };
    usize total = 0;
    Result<usize> count = scheduler::block_until(pair_->master_readers, blocking(), is_ready,
                                                 [&] { return take(PtyPair::Piece::First); });
    if (!count) return count;
    while (count && *count != 0) {
        const usize copied = to.write({piece, *count}).value_or(0);
        total += copied;
        if (copied < *count) break;
        // The terminal may have more to send, now that there is room.
        terminal().serve();
        if (to.remaining() == 0) break;
        scheduler::preempt_point();
        count = take(PtyPair::Piece::Next);
    }
    terminal().serve();
    if (total == 0) return Error::Efault;
    inode().note_accessed_relative();
    return total;
}

Result<usize> PtyMaster::do_write(vm::InBuffer& from, u64&, const fs::WriteContext&) {
    const Turn::Guard turn = TRY(is_nonblocking() ? writing_.take_at_once() : writing_.take());
    u8 piece[PIECE];
    usize total = 0;
    while (from.remaining() != 0) {
        const usize size = std::min(from.remaining(), sizeof(piece));
        if (from.read({piece, size}).value_or(0) < size)
            return total != 0 ? Result<usize>(total) : Error::Efault;
        for (usize done = 0; done < size;) {
            const auto type = [&]() -> Result<usize> {
                const usize count = pair_->type({piece + done, size - done});
                terminal().serve();
                return count != 0 ? Result<usize>(count) : Error::Eagain;
            };
            const auto is_ready = [&] { return has(pair_->master_events(), PollEvents::Out); };
            const Result<usize> count =
                scheduler::block_until(pair_->master_writers, blocking(), is_ready, type);
            if (!count) return total != 0 ? Result<usize>(total) : Result<usize>(count.error());
            done += *count;
            scheduler::preempt_point();
            total += *count;
        }
        if (!scheduler::preempt_point(scheduler::WaitMode::Interruptible)) return total;
    }
    return total;
}

PollEvents PtyMaster::poll(fs::PollTable* table) {
    if (table != nullptr) {
        table->add(pair_->master_readers);
        table->add(pair_->master_writers);
    }
    return pair_->master_events();
}

// ---- Requests

Result<u64> PtyMaster::ioctl(fs::FileCommand command) {
    if (const auto result = OwnRequests::run(command.code, *this, {command.argument})) return *result;
    if (const auto result = ChangedRequests::run(command.code, *this, {command.argument})) return *result;
    return TerminalFile::ioctl(command);
}

Result<> PtyMaster::get_number(vm::UserOut<IntegerInMemory> out) {
    return out.write(static_cast<i32>(pair_->index()));
}
Result<> PtyMaster::set_lock(vm::UserIn<IntegerInMemory> in) {
    pair_->is_locked.store(TRY(in.read()) != 0);
    return {};
}
Result<> PtyMaster::get_lock(vm::UserOut<IntegerInMemory> out) {
    return out.write(i32{pair_->is_locked.load()});
}
Result<> PtyMaster::set_packet_mode(vm::UserIn<IntegerInMemory> in) {
    pair_->set_packet_mode(TRY(in.read()) != 0 ? PtyPair::PacketMode::On : PtyPair::PacketMode::Off);
    return {};
}
Result<> PtyMaster::get_packet_mode(vm::UserOut<IntegerInMemory> out) {
    return out.write(pair_->packet_mode() == PtyPair::PacketMode::On ? 1 : 0);
}

/// TIOCGPTPEER. LINUX: ptm_open_peer. Neither a path to the slave nor its mode matters.
Answer<NewDescriptor> PtyMaster::open_slave(abi::OpenFlags flags) {
    Task& task = current_task();
    security::Reservation slot = TRY(task.files()->reserve(descriptor_limit()));
    const std::string_view number = pair_->name().substr(pair_->name().find('/') + 1);
    fs::Path path = TRY(
        fs::resolve({fs::KERNEL_CREDENTIALS, task.paths()}, {&devpts_root_}, number, fs::WalkFlags::None));
    Ref<fs::File> file = TRY(fs::open_inode({std::move(path), flags, task.credentials()}));
    const Rights rights = file->rights();
    const auto on_exec =
        has(flags, abi::OpenFlags::Cloexec) ? security::OnExec::Close : security::OnExec::Keep;
    return slot.commit({std::move(file), rights}, on_exec);
}

/// TIOCSIG. LINUX: pty_signal.
Result<> PtyMaster::send_signal(Number<Kind::Signal, i32> number) {
    const auto signal = static_cast<Signal>(i32{number});
    if (signal != Signal::Int && signal != Signal::Quit && signal != Signal::Tstp) return Error::Einval;
    terminal().signal_foreground(signal);
    return {};
}

Result<> PtyMaster::get_group(vm::UserOut<PidOf<PidUse::Group>> out) {
    Pid group;
    {
        auto tree = PROCESSES.lock();
        group = terminal().foreground_group(*tree);
    }
    return out.write(group > 0 ? group : 0);
}
Result<> PtyMaster::get_session(vm::UserOut<PidOf<PidUse::Session>> out) {
    Pid session;
    {
        auto tree = PROCESSES.lock();
        session = terminal().session(*tree);
    }
    return session != 0 ? out.write(session) : Error::Enotty;
}

Result<> PtyMaster::flush(abi::FlushQueue queue) {
    if (queue > abi::FlushQueue::Both) return Error::Einval;
    pair_->flush_from_master(queue);
    terminal().serve();
    return {};
}

Result<> PtyMaster::control_flow(abi::FlowAction action) {
    // LINUX: the constant settings of the master's own side.
    constexpr u8 STOP = 023;
    constexpr u8 START = 021;
    switch (action) {
        case abi::FlowAction::OutputOff: pair_->set_master_flow(OutputFlow::Stopped); return {};
        case abi::FlowAction::OutputOn: pair_->set_master_flow(OutputFlow::Running); return {};
        case abi::FlowAction::InputOff: (void)pair_->type({&STOP, 1}); break;
        case abi::FlowAction::InputOn: (void)pair_->type({&START, 1}); break;
        default: return Error::Einval;
    }
    terminal().serve();
    return {};
}

Result<> PtyMaster::set_exclusive() {
    is_exclusive_.store(true);
    return {};
}
Result<> PtyMaster::clear_exclusive() {
    is_exclusive_.store(false);
    return {};
}
Result<> PtyMaster::get_exclusive(vm::UserOut<IntegerInMemory> out) {
    return out.write(i32{is_exclusive_.load()});
}

// ---- Devices

namespace {

/// The root of the devpts of a ptmx node: its own file system, or the one mounted on "pts" beside it. LINUX:
/// devpts_acquire.
/// Errors: Enodev, and those of a path walk.
Result<fs::Path> devpts_root(const fs::Path& ptmx) {
    fs::Path parent = ptmx;
    {
        auto tree = fs::name_tree.lock();
        if (fs::Dentry* directory = ptmx.dentry->parent()) parent.dentry = Ref<fs::Dentry>(directory);
    }
    if (Devpts::of(ptmx.inode()) != nullptr) return parent;
    fs::Path found =
        TRY(fs::resolve(current_task().caller(), {&parent}, "pts", fs::WalkFlags::RequireDirectory));
    const bool is_root = Devpts::of(found.inode()) != nullptr && found.dentry.get() == &found.mount->root();
    return is_root ? Result<fs::Path>(std::move(found)) : Error::Enodev;
}

class MasterDevice final : public fs::Device {
  public:
    Result<Ref<fs::File>> open(fs::OpenRequest&& request, abi::DeviceNumber) override {
        if (current_task_or_null() == nullptr) return Error::Enodev;
        fs::Path root = TRY(devpts_root(request.path));
        Devpts& instance = *Devpts::of(root.inode());
        const u32 number = TRY(instance.reserve_number());
        auto file = make(std::move(request), std::move(root), instance, number);
        if (!file) instance.give_number_back(number);
        return file;
    }

  private:
    static Result<Ref<fs::File>> make(fs::OpenRequest&& request, fs::Path root, Devpts& instance,
                                      u32 number) {
        TerminalSettings settings = TerminalSettings::initial();
        settings.raw().c_cflag &= ~ControlFlags::Hupcl;
        Ref<PtyPair> pair = TRY(make_ref<PtyPair>(number, Ref<fs::FileSystem>(&instance)));
        Ref<Terminal> terminal =
            TRY(Terminal::create_served(pair->name(), {Devpts::SLAVE_MAJOR, number}, *pair, pair, settings));
        const fs::Credentials& owner = request.credentials;
        TRY(instance.enter(number, terminal, pair, owner));
        // From here on the file's destructor removes the name, so nothing may fail afterwards.
        return Ref<fs::File>(TRY(
            make_ref<PtyMaster>(std::move(request), std::move(terminal), std::move(pair), std::move(root))));
    }
};

class SlaveDevice final : public fs::Device {
  public:
    /// Errors: Eio (no name of a pty leads there, or it is locked), Ebusy, RestartSys, Enomem.
    Result<Ref<fs::File>> open(fs::OpenRequest&& request, abi::DeviceNumber number) override {
        Devpts* const instance = Devpts::of(request.path.inode());
        if (instance == nullptr) return Error::Eio;
        const auto slave = instance->find(number.minor);
        const bool is_this = slave && slave->inode.get() == &request.path.inode();
        if (!is_this) return Error::Eio;
        if (!slave->pair->is_master_open() || slave->pair->is_locked.load()) {
            slave->pair->refuse_slave();
            return Error::Eio;
        }
        return open_as_terminal(std::move(request), slave->terminal);
    }
};

}  // namespace

Result<> init_ptys() {
    constinit static fs::FileSystemType type{.name = Devpts::TYPE, .mount = Devpts::mount};
    fs::register_file_system(type);
    const auto character = fs::DeviceClass::Character;
    TRY(fs::register_device(character, Devpts::MASTER, 1, "/dev/ptmx", TRY(make_ref<MasterDevice>())));
    TRY(fs::register_device(character, {Devpts::SLAVE_MAJOR, 0}, Devpts::MOST_NUMBERS, "pts",
                            TRY(make_ref<SlaveDevice>())));
    return fs::devfs::add_node("ptmx", 0666, character, Devpts::MASTER);
}

}  // namespace exo::posix_x

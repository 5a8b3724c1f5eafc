#include "posix_x/terminal/terminals.hpp"

#include "boot/command_line.hpp"
#include "fs/devfs/devfs.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/terminal/terminal_file.hpp"
#include "utils/fixed_vector.hpp"

namespace exo::posix_x {

namespace {

constexpr abi::DeviceNumber TTY_DEVICE{5, 0};
constexpr abi::DeviceNumber CONSOLE_DEVICE{5, 1};
constexpr usize MAX_TERMINALS = 8;

/// The list of terminals. It holds a reference to each, so terminals are never destroyed.
struct Terminals {
    FixedVector<Terminal*, MAX_TERMINALS> all;
    std::string_view command_line;

    Terminal* find(std::string_view name) {
        for (Terminal* terminal : all)
            if (terminal->name() == name) return terminal;
        return nullptr;
    }
};
constinit sync::SpinLocked<Terminals, sync::LockRank::SpinLeaf> terminals;

Result<Ref<fs::File>> open_terminal(fs::OpenRequest&& request, Ref<Terminal> terminal,
                                    Terminal::JobControl job_control) {
    TRY(terminal->wait_for_close());
    if (terminal->is_exclusive.load() && !request.credentials.may(fs::Privilege::SysAdmin))
        return Error::Ebusy;
    return Ref<fs::File>(TRY(make_ref<TerminalFile>(std::move(request), std::move(terminal), job_control)));
}

class TerminalDevice final : public fs::Device {
  public:
    explicit TerminalDevice(Ref<Terminal> terminal) : terminal_(std::move(terminal)) {}
    Result<Ref<fs::File>> open(fs::OpenRequest&& request, abi::DeviceNumber) override {
        return open_as_terminal(std::move(request), terminal_);
    }

  private:
    Ref<Terminal> terminal_;
};

/// /dev/console. Opening it never makes it a controlling terminal.
class ConsoleDevice final : public fs::Device {
  public:
    Result<Ref<fs::File>> open(fs::OpenRequest&& request, abi::DeviceNumber) override {
        Ref<Terminal> terminal = console();
        if (!terminal) return Error::Enodev;
        return open_terminal(std::move(request), std::move(terminal), Terminal::JobControl::Exempt);
    }
};

/// /dev/tty: the caller's controlling terminal.
class CurrentTerminalDevice final : public fs::Device {
  public:
    Result<Ref<fs::File>> open(fs::OpenRequest&& request, abi::DeviceNumber) override {
        Ref<Terminal> terminal;
        if (Task* task = current_task_or_null()) {
            auto tree = PROCESSES.lock();
            terminal = controlling_terminal(*tree, *task->process);
        }
        if (!terminal) return Error::Enxio;
        return open_terminal(std::move(request), std::move(terminal), Terminal::JobControl::Applies);
    }
};

Result<> add_device(std::string_view node, u32 mode, abi::DeviceNumber number, std::string_view driver_name,
                    Ref<fs::Device> device) {
    TRY(fs::register_device(fs::DeviceClass::Character, number, 1, driver_name, std::move(device)));
    return fs::devfs::add_node(node, mode, fs::DeviceClass::Character, number);
}

}  // namespace

Result<Ref<fs::File>> open_as_terminal(fs::OpenRequest&& request, const Ref<Terminal>& terminal) {
    const abi::OpenFlags flags = request.flags;
    Ref<fs::File> file = TRY(open_terminal(std::move(request), terminal, Terminal::JobControl::Applies));
    const bool may_acquire =
        !has(flags, abi::OpenFlags::Noctty) && has(file->rights(), security::Rights::Read);
    if (may_acquire && current_task_or_null() != nullptr) terminal->acquire_on_open();
    return file;
}

Result<Ref<Terminal>> add_terminal(std::string_view name, abi::DeviceNumber number,
                                   std::string_view driver_name, TerminalDriver& driver,
                                   const TerminalSettings& settings) {
    Ref<Terminal> terminal = TRY(Terminal::create(name, number, driver, settings));
    TRY(add_device(name, 0600, number, driver_name, TRY(make_ref<TerminalDevice>(terminal))));
    // A terminal that finds no place here works all the same, but is never the console.
    if (terminals.lock()->all.push(terminal.get())) terminal->retain();
    return terminal;
}

Result<> init_terminals() {
    TRY(add_device("tty", 0666, TTY_DEVICE, "/dev/tty", TRY(make_ref<CurrentTerminalDevice>())));
    return add_device("console", 0600, CONSOLE_DEVICE, "/dev/console", TRY(make_ref<ConsoleDevice>()));
}

void select_console_from(std::string_view command_line) { terminals.lock()->command_line = command_line; }

Ref<Terminal> console() {
    auto state = terminals.lock();
    Terminal* chosen = state->all.is_empty() ? nullptr : state->all[0];
    boot::CommandLine(state->command_line).for_each_value("console", [&](std::string_view word) {
        Terminal* named = state->find(word.substr(0, word.find(',')));
        if (named != nullptr) chosen = named;
    });
    return Ref<Terminal>(chosen);
}

}  // namespace exo::posix_x

// The first process of a machine that `exo run` starts: it mounts what every program expects, starts the one
// program, carries its streams and signals, reports how it ended, and powers the machine off.
//
// It uses plain Linux system calls only, so the same binary also serves under Linux. What it says to `exo`
// and hears from it is written down in docs/run_protocol.md.

#include "attributes.hpp"
#include "control.hpp"
#include "errors.hpp"
#include "program.hpp"
#include "pump.hpp"
#include "request.hpp"
#include "settings.hpp"
#include "setup.hpp"
#include "system.hpp"
#include "text.hpp"

extern "C" void signal_restorer();

namespace {

using Line = TextBuilder<512>;

constexpr Text STREAM_NAMES[STREAM_COUNT] = {"stdin", "stdout", "stderr"};
constexpr const char* STREAM_PORTS[STREAM_COUNT] = {
    "/dev/virtio-ports/exo.stdin",
    "/dev/virtio-ports/exo.stdout",
    "/dev/virtio-ports/exo.stderr",
};

// What a message of `failed` means for the exit status of `exo run` (docs/run_protocol.md).
constexpr int STATUS_FAILED = 125;
constexpr int STATUS_NOT_EXECUTABLE = 126;
constexpr int STATUS_NOT_FOUND = 127;

Control control;
Pump pumps[STREAM_COUNT];
Request request;
int tty = -1;
isize program = -1;

/// A signal handler only writes the signal's number here; the main loop reads it from the other end.
int wake_pipe[2];

/// Waits until `exo` has sent `word`, or has closed its end.
void wait_for(Text word) {
    bool waiting = control.fd() >= 0;
    while (waiting) {
        linux::PollEntry entry{control.fd(), linux::POLLIN, 0};
        sys::poll(&entry, 1, -1);
        bool heard = false;
        waiting = control.receive([&](Text line) { heard = heard || line == word; }) && !heard;
    }
}

/// Sends the report, waits until `exo` has received everything, and powers the machine off.
[[noreturn]] void finish(const Line& report) {
    control.send(report.text());
    wait_for("bye");
    sys::power_off();
    sys::exit(1);
}

[[noreturn]] void fail(int status, Text what, int error) {
    Line line;
    line.add("failed ").add(static_cast<u64>(status)).add(" ").add(what).add(": ").add(error_message(error));
    if (control.fd() < 0) {
        const Line message = Line{}.add("init: ").add(what).add(": ").add(error_message(error)).add("\n");
        sys::write(2, message.text().data, message.text().size);
    }
    finish(line);
}

/// Reports an existing program whose interpreter is missing. Shows a carriage return at the end of a script's
/// first line, which is the usual reason and would be invisible otherwise.
[[noreturn]] void fail_interpreter(Text name, const Interpreter& interpreter) {
    const bool is_missing = interpreter.error == linux::ENOENT;
    Text path{interpreter.path};
    const bool is_dos = path.size > 0 && path.data[path.size - 1] == '\r';
    if (is_dos) --path.size;
    Line line;
    line.add("failed ").add(static_cast<u64>(is_missing ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE)).add(" ");
    line.add(name).add(": its interpreter ").add(path).add(is_dos ? "\\r: " : ": ");
    line.add(error_message(interpreter.error));
    if (is_dos) line.add(" (its lines end as on DOS)");
    if (is_missing && interpreter.kind == InterpreterKind::Loader)
        line.add(" (a dynamic program needs its libraries too: --rootfs, or link it with -static)");
    finish(line);
}

int check(isize result, Text what) {
    if (sys::failed(result)) fail(STATUS_FAILED, what, static_cast<int>(-result));
    return static_cast<int>(result);
}

extern "C" void on_signal(int signal) {
    const u8 number = static_cast<u8>(signal);
    sys::write(wake_pipe[1], &number, 1);
}

void install_handlers() {
    check(sys::pipe2(wake_pipe, linux::O_CLOEXEC | linux::O_NONBLOCK), "init: pipe");
    const linux::SignalAction handled{on_signal, linux::SA_RESTORER | linux::SA_RESTART, signal_restorer, 0};
    static constexpr int HANDLED[] = {linux::SIGCHLD, linux::SIGTERM, linux::SIGUSR1, linux::SIGUSR2};
    for (const int signal : HANDLED) {
        check(sys::sigaction(signal, handled), "init: sigaction");
    }
    linux::SignalAction ignored{};
    ignored.handler = reinterpret_cast<void (*)(int)>(linux::SIG_IGN_VALUE);
    check(sys::sigaction(linux::SIGPIPE, ignored), "init: sigaction");
}

void set_window(int rows, int columns) {
    if (tty < 0 || rows < 0 || columns < 0) return;
    const linux::WindowSize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0,
                                 0};
    sys::ioctl(tty, linux::TIOCSWINSZ, sys::address(&size));
}

/// Makes a pipe between the program and this process. Returns the program's end; `ours` does not block.
int make_pipe(int stream, int& ours) {
    int ends[2];
    check(sys::pipe2(ends, linux::O_CLOEXEC), "init: pipe");
    ours = stream == 0 ? ends[1] : ends[0];
    check(sys::set_status_flags(ours, linux::O_NONBLOCK), "init: pipe");
    return stream == 0 ? ends[0] : ends[1];
}

ProgramStreams open_streams() {
    ProgramStreams streams;
    if (request.uses_tty()) {
        tty = check(open_device("/dev/hvc0", linux::O_RDWR | linux::O_NOCTTY), "/dev/hvc0");
        set_window(request.window.rows, request.window.columns);
        streams.tty = tty;
    }
    for (int i = 0; i < STREAM_COUNT; ++i) {
        if (request.is_tty(i)) {
            streams.fds[i] = tty;
            continue;
        }
        const int direction = i == 0 ? linux::O_RDONLY : linux::O_WRONLY;
        const int port = check(open_device(STREAM_PORTS[i], direction | linux::O_NONBLOCK), STREAM_PORTS[i]);
        int ours = -1;
        streams.fds[i] = make_pipe(i, ours);
        if (i == 0) {
            pumps[i].start(port, ours);
        } else {
            pumps[i].start(ours, port);
        }
    }
    return streams;
}

/// Lets `exo` prepare its end of the terminal before anything is written there.
void wait_for_terminal() {
    control.send("ready");
    wait_for("go");
}

void start() {
    const ProgramStreams streams = open_streams();
    if (request.uses_tty()) wait_for_terminal();
    const StartResult result = start_program(request, streams);
    const Text name{request.arguments[0]};
    if (result.error != 0) {
        if (result.step == StartStep::Process) fail(STATUS_FAILED, "init: fork", result.error);
        if (result.step == StartStep::Settings) fail(STATUS_FAILED, result.setting, result.error);
        if (result.step == StartStep::Directory) fail(STATUS_FAILED, request.directory, result.error);
        if (result.interpreter.kind != InterpreterKind::None) fail_interpreter(name, result.interpreter);
        if (result.error != linux::ENOENT) fail(STATUS_NOT_EXECUTABLE, name, result.error);
        if (name.contains('/')) fail(STATUS_NOT_FOUND, name, result.error);
        finish(Line{}.add("failed ").add(u64{STATUS_NOT_FOUND}).add(" ").add(name).add(": not found"));
    }
    for (int i = 0; i < STREAM_COUNT; ++i) {
        if (!request.is_tty(i)) sys::close(streams.fds[i]);
    }
    program = result.process;
    control.send(Line{}.add("started ").add(static_cast<u64>(program)).text());
}

void obey(Text line) {
    const Text word = line.take_until(' ');
    if (word == "signal") {
        const int signal = line.number();
        if (signal >= 1 && signal <= linux::SIGNAL_COUNT) sys::kill(-program, signal);
    } else if (word == "winsize") {
        const int rows = line.take_until(' ').number();
        set_window(rows, line.number());
    }
}

/// Takes the status of every child that has ended. Returns the program's exit status as shells count it
/// (128 + n for a signal, which exo is told of, since a program may exit with the same status), or -1 while it runs.
int reap() {
    int result = -1;
    for (;;) {
        int status = 0;
        const isize process = sys::wait4(-1, &status, linux::WNOHANG);
        if (process <= 0) return result;
        if (process != program) continue;
        const int signal = status & 0x7f;
        result = signal != 0 ? 128 + signal : (status >> 8) & 0xff;
        if (signal != 0) control.send(Line{}.add("killed ").add(static_cast<u64>(signal)).text());
    }
}

/// Reads the noted signals. Returns the exit status to report, or -1 to go on. SIGTERM, SIGUSR1 and SIGUSR2 are
/// what `reboot`, `halt` and `poweroff` of busybox send to process 1.
int handle_signals() {
    u8 numbers[64];
    int status = -1;
    for (;;) {
        const isize count = sys::read(wake_pipe[0], numbers, sizeof numbers);
        if (count <= 0) return status;
        for (isize i = 0; i < count; ++i) {
            if (numbers[i] == linux::SIGCHLD) {
                const int exited = reap();
                if (exited >= 0) status = exited;
            } else {
                status = 0;
            }
        }
    }
}

void report_closed(int stream) {
    control.send(
        Line{}.add("closed ").add(STREAM_NAMES[stream]).add(" ").add(pumps[stream].delivered()).text());
}

/// Moves streams, signals and orders until the program has ended. Returns its exit status.
int serve() {
    bool listening = true;
    for (;;) {
        linux::PollEntry entries[2 + STREAM_COUNT * Pump::MAX_WATCHED];
        usize count = 0;
        entries[count++] = {wake_pipe[0], linux::POLLIN, 0};
        entries[count++] = {listening ? control.fd() : -1, linux::POLLIN, 0};
        for (const Pump& pump : pumps) count += pump.watch(entries + count);
        sys::poll(entries, count, -1);

        if (entries[1].revents != 0) listening = control.receive(obey);
        for (int i = 0; i < STREAM_COUNT; ++i) {
            if (!pumps[i].is_open()) continue;
            pumps[i].move();
            if (!pumps[i].is_open()) report_closed(i);
        }
        const int status = entries[0].revents != 0 ? handle_signals() : -1;
        if (status >= 0) return status;
    }
}

/// Waits until the terminal's output is transmitted: a TCSBRK with a non-zero argument (ioctl_tty(2)). The end of the
/// session leader has hung up the descriptor that it was started with, so the terminal is opened anew.
void drain_terminal() {
    if (tty < 0) return;
    const isize again = open_device("/dev/hvc0", linux::O_RDWR | linux::O_NOCTTY);
    if (!sys::failed(again)) sys::ioctl(static_cast<int>(again), linux::TCSBRK, 1);
}

/// Kills all processes that the program left behind, and delivers the bytes that are still in its pipes.
void wind_up() {
    sys::kill(-1, linux::SIGKILL);
    reap();
    for (int i = 1; i < STREAM_COUNT; ++i) {
        if (!pumps[i].is_open()) continue;
        pumps[i].finish();
        report_closed(i);
    }
    drain_terminal();
}

u64 microseconds(const linux::TimeValue& time) {
    return static_cast<u64>(time.seconds) * 1'000'000 + static_cast<u64>(time.microseconds);
}

/// Reports the resource usage of the program and of all its descendants that have ended.
void report_usage() {
    linux::Usage usage{};
    if (sys::failed(sys::getrusage(linux::RUSAGE_CHILDREN, usage))) return;
    control.send(Line{}
                     .add("used ")
                     .add(microseconds(usage.user))
                     .add(" ")
                     .add(microseconds(usage.system))
                     .add(" ")
                     .add(static_cast<u64>(usage.peak_resident_kib))
                     .text());
}

}  // namespace

extern "C" [[noreturn]] void init_main() {
    mount_file_systems();
    link_standard_streams();
    occupy_standard_descriptors();
    check(control.open(), "/dev/virtio-ports/exo.control");
    const char* path = "";
    const SettingError attribute = apply_attributes();
    if (attribute.error != 0) fail(STATUS_FAILED, attribute.line, attribute.error);
    check(read_request(request, path), path);
    set_host_name();
    write_name_servers();
    const SettingError setting = apply_machine_settings(request.settings, request.directory);
    if (setting.error != 0) fail(STATUS_FAILED, setting.line, setting.error);
    install_handlers();
    start();
    const int status = serve();
    wind_up();
    report_usage();
    finish(Line{}.add("exited ").add(static_cast<u64>(status)));
}

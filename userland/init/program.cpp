#include "program.hpp"

#include "settings.hpp"
#include "system.hpp"
#include "text.hpp"

namespace {

struct ChildError {
    StartStep step;
    int error;
    Text setting;  // from the request, which both processes have
    Interpreter interpreter;
};

/// Records the missing interpreter of `path`, unless one was recorded for an earlier folder of PATH.
int execute_file(const char* path, const Request& request, Interpreter& broken) {
    const int error = static_cast<int>(-sys::execve(path, request.arguments, request.environment));
    const bool may_be_interpreter =
        error == linux::ENOENT || error == linux::EACCES || error == linux::ENOTDIR;
    if (may_be_interpreter && broken.kind == InterpreterKind::None) broken = find_broken_interpreter(path);
    return error;
}

/// execvp(3) without its fallback to a shell: a file without a known format is an error, as in `docker run`.
/// Returns the errno that a shell would report.
int execute(const Request& request, Interpreter& broken) {
    const Text name{request.arguments[0]};
    if (name.size == 0) return linux::ENOENT;
    if (name.contains('/')) return execute_file(name.data, request, broken);
    const char* const path = request.variable("PATH");
    Text folders{path != nullptr ? path : "/bin:/usr/bin"};
    int result = linux::ENOENT;
    for (bool more = true; more;) {
        more = folders.contains(':');
        const Text folder = folders.take_until(':');
        TextBuilder<4096> file;
        if (folder.size > 0) file.add(folder).add("/");
        file.add(name);
        if (file.is_full()) {
            result = linux::ENAMETOOLONG;
            continue;
        }
        const int error = execute_file(file.terminated(), request, broken);
        if (error == linux::ENOENT || error == linux::ENOTDIR) continue;
        if (error != linux::EACCES) return error;
        result = error;
    }
    return result;
}

[[noreturn]] void run_child(const Request& request, const ProgramStreams& streams, int report) {
    sys::setsid();
    if (streams.tty >= 0) sys::ioctl(streams.tty, linux::TIOCSCTTY, 0);
    for (int i = 0; i < STREAM_COUNT; ++i) sys::dup2(streams.fds[i], i);
    // An ignored signal stays ignored across execve(); handlers do not (execve(2)).
    sys::sigaction(linux::SIGPIPE, {nullptr, 0, nullptr, 0});
    const SettingError setting = apply_program_settings(request.settings);
    ChildError failure{StartStep::Settings, setting.error, setting.line, {}};
    if (failure.error == 0) {
        failure.step = StartStep::Directory;
        failure.error = static_cast<int>(-sys::chdir(request.directory));
    }
    if (failure.error == 0) {
        failure.step = StartStep::Execute;
        failure.error = execute(request, failure.interpreter);
    }
    sys::write(report, &failure, sizeof failure);
    sys::exit(127);
}

}  // namespace

StartResult start_program(const Request& request, const ProgramStreams& streams) {
    // The child's end closes by itself when execve() succeeds, so that an end of input means success.
    int report[2];
    isize result = sys::pipe2(report, linux::O_CLOEXEC);
    if (sys::failed(result)) return {.error = static_cast<int>(-result)};
    const isize process = sys::fork();
    if (process == 0) run_child(request, streams, report[1]);
    sys::close(report[1]);
    ChildError failure{StartStep::Process, static_cast<int>(sys::failed(process) ? -process : 0), {}, {}};
    if (failure.error == 0) {
        do {
            result = sys::read(report[0], &failure, sizeof failure);
        } while (result == -linux::EINTR);
        if (result <= 0) failure.error = 0;
    }
    sys::close(report[0]);
    return {.process = process,
            .error = failure.error,
            .step = failure.step,
            .setting = failure.setting,
            .interpreter = failure.interpreter};
}

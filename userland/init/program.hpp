#pragma once
// Starts the program for which this machine was started.

#include "interpreter.hpp"
#include "request.hpp"

/// The descriptors that become the program's 0, 1 and 2, and the terminal it controls (-1: none).
struct ProgramStreams {
    int fds[STREAM_COUNT] = {-1, -1, -1};
    int tty = -1;
};

enum class StartStep : u8 { Process, Settings, Directory, Execute };

struct StartResult {
    isize process = 0;  // its pid, if error is 0
    int error = 0;      // a positive errno
    StartStep step = StartStep::Process;
    Text setting = {};             // the one that could not be made
    Interpreter interpreter = {};  // the one that cannot be used, if that is why
};

/// Starts the program in a session of its own and returns once execve() has succeeded or failed.
StartResult start_program(const Request& request, const ProgramStreams& streams);

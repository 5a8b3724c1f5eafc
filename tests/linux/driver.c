// The first process of a test machine: runs the tests of /tests.list one after the other and reports each one on the
// console in a frame that can be told from the kernel's messages and whose damage is seen. Then it ends the machine.
//
//   @@RUN name                     the test starts
//   @@DATA base64                  its output, standard output and error in one stream, any number of lines
//   @@END name status length crc   status is `exit N`, `signal N` or `timeout`; length and CRC-32 of the whole output
//   @@NOTE text                    something that went wrong around a test
//   @@DONE                         all tests have run
//
// A line of /tests.list is `name seconds program argument…`. Each test runs in a new session, with /dev/null as its
// standard input, in an empty tmpfs as its working directory; whatever it leaves running is killed.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    OUTPUT_MAX = 256 * 1024,
    LIST_MAX = 256 * 1024,
    MOUNTS_MAX = 4096,
    ARGUMENTS_MAX = 16,
    BYTES_PER_LINE = 57
};

static const char WORK[] = "/desk";
static char output[OUTPUT_MAX];
static size_t output_length;
static char mounts[MOUNTS_MAX];
static char list[LIST_MAX];

static void write_all(const char* text, size_t length) {
    while (length > 0) {
        ssize_t n = write(STDOUT_FILENO, text, length);
        if (n < 0 && errno != EINTR) return;
        if (n > 0) text += n, length -= n;
    }
}

__attribute__((format(printf, 1, 2))) static void say(const char* format, ...) {
    char line[512];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    write_all(line, length < (int)sizeof line ? length : (int)sizeof line - 1);
}

static void note_failure(const char* what) { say("@@NOTE %s: %s\n", what, strerror(errno)); }

static uint32_t crc32(const char* data, size_t length) {
    uint32_t crc = ~0u;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void say_data(const char* data, size_t length) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char line[BYTES_PER_LINE / 3 * 4 + 1];
    for (size_t start = 0; start < length; start += BYTES_PER_LINE) {
        size_t used = 0;
        for (size_t i = start; i < length && i < start + BYTES_PER_LINE; i += 3) {
            uint32_t group = 0;
            size_t bytes = length - i < 3 ? length - i : 3;
            for (size_t k = 0; k < 3; k++) group = group << 8 | (k < bytes ? (unsigned char)data[i + k] : 0);
            for (size_t k = 0; k < 4; k++)
                line[used++] = k <= bytes ? DIGITS[group >> (18 - 6 * k) & 63] : '=';
        }
        line[used] = 0;
        say("@@DATA %s\n", line);
    }
}

static void read_file(const char* path, char* text, size_t size) {
    int fd = open(path, O_RDONLY);
    ssize_t n = 0;
    size_t used = 0;
    for (; fd >= 0 && (n = read(fd, text + used, size - 1 - used)) > 0;) used += n;
    text[used] = 0;
    if (fd < 0 || n < 0) note_failure(path);
    close(fd);
}

// The tests of a boot share its mounts, so that one that leaves some behind changes what a later one prints.
static void check_mounts(const char* name) {
    char now[MOUNTS_MAX];
    read_file("/proc/mounts", now, sizeof now);
    if (strcmp(mounts, now) == 0) return;
    say("@@NOTE %s leaves other mounts than it found\n", name);
    strcpy(mounts, now);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL); }

// Returns 0 at the end of the output.
static int take_output(int fd) {
    static char surplus[4096];
    size_t room = OUTPUT_MAX - output_length;
    ssize_t n = room > 0 ? read(fd, output + output_length, room) : read(fd, surplus, sizeof surplus);
    if (n > 0 && room > 0) output_length += n;
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void become(char** arguments, int out) {
    static char* environment[] = {"PATH=/bin", "HOME=/root", "TERM=linux", "LC_ALL=C", "TZ=UTC0", NULL};
    setsid();
    int input = open("/dev/null", O_RDONLY);
    dup2(input, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    for (int fd = 3; fd < 16; fd++) close(fd);
    umask(022);
    execve(arguments[0], arguments, environment);
    perror(arguments[0]);
    _exit(127);
}

static void kill_the_rest(void) {
    for (int round = 0; round < 2000; round++) {
        kill(-1, SIGKILL);
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) continue;
        if (pid < 0 && errno == ECHILD) return;
        nap();
    }
    say("@@NOTE processes are left that cannot be killed\n");
}

// Runs until the test has ended (its descendants may live on) or its time is over.
static void watch(pid_t pid, int fd, double limit, char* result, size_t size) {
    double end = seconds_now() + limit;
    int open = 1, status;
    snprintf(result, size, "timeout");
    while (seconds_now() < end) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (!open)
            nap();
        else if (poll(&readable, 1, 50) > 0)
            open = take_output(fd);
        if (waitpid(pid, &status, WNOHANG) != pid) continue;
        if (WIFEXITED(status))
            snprintf(result, size, "exit %d", WEXITSTATUS(status));
        else
            snprintf(result, size, "signal %d", WTERMSIG(status));
        return;
    }
}

static void run(const char* name, double limit, char** arguments) {
    char result[32];
    int ends[2];
    say("@@RUN %s\n", name);
    output_length = 0;
    if (mount("tmpfs", WORK, "tmpfs", 0, NULL) != 0) note_failure("mount /desk");
    if (chdir(WORK) != 0) note_failure("chdir /desk");
    if (pipe(ends) != 0) note_failure("pipe");
    pid_t pid = fork();
    if (pid == 0) become(arguments, ends[1]);
    close(ends[1]);
    if (pid < 0)
        note_failure("fork"), snprintf(result, sizeof result, "timeout");
    else
        watch(pid, ends[0], limit, result, sizeof result);
    kill_the_rest();
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (size_t before = output_length + 1; before != output_length && output_length < OUTPUT_MAX;) {
        before = output_length;
        take_output(ends[0]);
    }
    close(ends[0]);
    if (chdir("/") != 0) note_failure("chdir /");
    if (umount2(WORK, MNT_DETACH) != 0) note_failure("umount /desk");
    check_mounts(name);
    say_data(output, output_length);
    say("@@END %s %s %zu %08x\n", name, result, output_length, crc32(output, output_length));
}

static void run_line(char* line) {
    char* words[ARGUMENTS_MAX + 1];
    int count = 0;
    for (char* word = strtok(line, " "); word && count < ARGUMENTS_MAX; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    if (count >= 3) run(words[0], atof(words[1]), words + 2);
}

int main(void) {
    mkdir("/proc", 0555), mkdir("/dev", 0755), mkdir(WORK, 0755), mkdir("/tmp", 01777);
    if (mount("proc", "/proc", "proc", 0, NULL) != 0) note_failure("mount /proc");
    if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) != 0) note_failure("mount /dev");
    mkdir("/dev/pts", 0755);
    if (mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666,gid=5") != 0)
        note_failure("mount /dev/pts");
    read_file("/proc/mounts", mounts, sizeof mounts);
    read_file("/tests.list", list, sizeof list);
    for (char* line = list; *line;) {
        char* end = strchr(line, '\n');
        if (end) *end = 0;
        run_line(line);
        line = end ? end + 1 : line + strlen(line);
    }
    say("@@DONE\n");
    sync();
    reboot(RB_POWER_OFF);
    note_failure("reboot");
    for (;;) pause();
}

// Process 1: gives each sequence a fresh folder and a first actor, sends its calls one by one, and tells the host what came
// of them. Only one actor is at work at any time, so nothing depends on who runs first. An actor that has not answered
// when the machine has been idle for a while is waiting for something; its answer may come late.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define BOX "/box"
// So that no number of them is the time of a timer, a break or VTIME, which come in steps of 50 ms: a look at an actor is
// well before its wait ends or well after.
enum { PATIENCE_MS = 70 };

static int control[ACTORS], replies[ACTORS];
static struct {
    pid_t pid;      // its thread's id
    pid_t process;  // and its process's
    int exists, is_busy, executes;
    uint16_t call;  // that it is busy with
} actors[ACTORS];

enum { FRAME_SIZE = 1 << 22 };
static unsigned char* frame;
static size_t frame_size;
static int wants_counts;
static uint32_t spread_over;  // wire_batch
static int coverage = -1;     // of a kernel of the preset `coverage`: which of its counters have moved
static const struct wire_batch* batch_head;
static unsigned char message[MAX_MESSAGE];

// What calls returned, and their outputs: for the arguments of later ones.
static int64_t results[MAX_CALLS];
static struct {
    unsigned count;
    struct wire_output heads[MAX_BUFFERS];
    unsigned char start[MAX_BUFFERS][256];
}* outputs;  // MAX_CALLS of them

// ---- Telling the host.

void emit(uint16_t kind, uint16_t call, uint16_t actor, int32_t detail, const void* data, uint32_t size) {
    const struct wire_event event = {kind, call, actor, 0, detail, size};
    if (frame_size + sizeof(event) + size > FRAME_SIZE) return;
    memcpy(frame + frame_size, &event, sizeof(event));
    memcpy(frame + frame_size + sizeof(event), data, size);
    frame_size += sizeof(event) + size;
}

static void put_word(const char* text) { write(1, text, strlen(text)); }

static void send_frame(uint32_t id) {
    const struct wire_frame head = {FRAME_MAGIC, id, (uint32_t)frame_size};
    keep(&head, sizeof(head));
    keep(frame, frame_size);
    frame_size = 0;
}

// ---- Actors.

/// Whether nobody has been given more than a program without privileges can have: the controller may then expect its turn.
static int have_all_equal_turns(void) {
    if (sched_getscheduler(0) != SCHED_OTHER || getpriority(PRIO_PROCESS, 0) > 0) return 0;
    for (int i = 0; i < ACTORS; i++) {
        if (!actors[i].exists) continue;
        const int policy = sched_getscheduler(actors[i].pid) & ~SCHED_RESET_ON_FORK;
        if (policy == SCHED_FIFO || policy == SCHED_RR || getpriority(PRIO_PROCESS, (id_t)actors[i].pid) < 0)
            return 0;
    }
    return 1;
}

/// Waits for bytes, and tells the host if the end of the wait came much later than asked for: then a program has kept this one
/// from running.
static int has_bytes(int fd, int patience) {
    enum { LATEST_MS = 100 };
    struct pollfd wait = {fd, POLLIN, 0};
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (poll(&wait, 1, patience) == 1) return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    const long late = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 - patience;
    if (late > LATEST_MS && have_all_equal_turns()) {
        char text[80];
        snprintf(text, sizeof(text), "@@LATE: process 1 got its turn %ld ms late\n", late);
        put_word(text);
    }
    return 0;
}

/// The number behind `name` in /proc/PID/status; 0 if there is none.
static pid_t status_of(pid_t pid, const char* name) {
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    const char* at = strstr(text, name);
    return at != NULL ? (pid_t)strtol(at + strlen(name), NULL, 10) : 0;
}

/// A thread that executed a program has taken over its process's id, and whose that was is gone.
static int has_lost_id(int actor) {
    for (int other = 0; other < ACTORS; other++)
        if (other != actor && actors[other].exists && actors[other].pid == actors[actor].pid) return 1;
    return 0;
}

/// R, S, T, Z …; 0 if there is no such process or thread.
static char state_of(pid_t pid) {
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    const char* end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' ? end[2] : 0;
}

/// For a reply that has begun, and the first one of a child: with several CPUs the clock is the host's.
static int patience_for_what_comes(void) { return spread_over > 1 ? 10 * PATIENCE_MS : PATIENCE_MS; }

/// An actor may end in the middle of its answer: others have the pipe open too, so that it does not end with it.
static int read_reply(int actor) {
    struct wire_reply* reply = (void*)message;
    for (size_t done = 0, size = sizeof(*reply); done < size;) {
        if (!has_bytes(replies[actor], patience_for_what_comes())) return 0;
        const ssize_t got = read(replies[actor], message + done, size - done);
        if (got <= 0) return 0;
        done += (size_t)got;
        if (done >= sizeof(*reply)) size = reply->size;
    }
    return 1;
}

static void keep_outputs(uint16_t call) {
    const struct wire_reply* reply = (void*)message;
    const unsigned char* from = message + sizeof(*reply) + reply->signal_count * sizeof(struct wire_signal);
    unsigned count = 0;
    for (; from < message + reply->size && count < MAX_BUFFERS; count++) {
        struct wire_output* head = &outputs[call].heads[count];
        memcpy(head, from, sizeof(*head));
        from += sizeof(*head);
        memset(outputs[call].start[count], FILLER, sizeof(outputs[call].start[count]));
        memcpy(outputs[call].start[count], from, head->stored < 256 ? head->stored : 256);
        from += head->stored;
    }
    outputs[call].count = count;
}

/// Like has_bytes. With several CPUs the clock is the host's, and an actor that only needs longer still runs.
static int has_answered(int actor, int patience) {
    enum { MOST_PATIENCE = 40 };
    for (int times = 1;; times++) {
        if (has_bytes(replies[actor], patience)) return 1;
        if (spread_over < 2 || patience == 0 || times == MOST_PATIENCE || state_of(actors[actor].pid) != 'R')
            return 0;
    }
}

/// Waits for the actor's answer to its call, for as long as something still happens. Tells what it finds. 1: it has answered.
static int await(int actor, int patience) {
    if (has_answered(actor, patience) && read_reply(actor)) {
        const struct wire_reply* reply = (void*)message;
        const uint16_t call = actors[actor].call;
        actors[actor].is_busy = 0;
        if (actors[actor].executes && reply->result == 0) actors[actor].pid = actors[actor].process;
        actors[actor].executes = 0;
        if (call < MAX_CALLS) {
            results[call] = reply->result;
            keep_outputs(call);
        }
        // A look at an actor that has nothing to say is nothing to tell.
        if (call < MAX_CALLS || reply->signal_count > 0)
            emit(EVENT_REPLY, call, (uint16_t)actor, 0, reply, reply->size);
        return 1;
    }
    if (patience == 0) return 0;
    const char state = has_lost_id(actor) ? 0 : state_of(actors[actor].pid);
    if (state == 0 || state == 'Z' || state == 'X') {
        actors[actor].exists = 0;
        emit(EVENT_DEAD, actors[actor].call, (uint16_t)actor, 0, NULL, 0);
    } else {
        emit(EVENT_SILENT, actors[actor].call, (uint16_t)actor, state, NULL, 0);
    }
    return 0;
}

static void send_to(int actor, const void* bytes, size_t size, uint16_t call) {
    actors[actor].is_busy = 1;
    actors[actor].call = call;
    for (size_t done = 0; done < size;) {
        const ssize_t put = write(control[actor], (const char*)bytes + done, size - done);
        if (put <= 0) return;
        done += (size_t)put;
    }
}

/// Does the actor go on, and which signals has it got?
static int look_at(int actor) {
    const struct wire_call nothing = {.size = sizeof(nothing), .number = CALL_NOTHING};
    if (!actors[actor].is_busy) send_to(actor, &nothing, sizeof(nothing), MAX_CALLS);
    return await(actor, PATIENCE_MS);
}

/// After a call of one actor: what it meant for the others. One that has stopped or ended only now has told those of it who
/// were looked at before: these once more.
static void look_at_others(int actor) {
    int last_silent = 0;
    for (int other = 0; other < ACTORS; other++)
        if (other != actor && actors[other].exists && !look_at(other)) last_silent = other;
    for (int other = 0; other < last_silent; other++)
        if (other != actor && actors[other].exists && !actors[other].is_busy) (void)look_at(other);
}

// ---- CPUs.

static void allow_cpus(pid_t task, uint64_t mask) {
    (void)sched_setaffinity(task, sizeof(mask), (void*)&mask);
}
static void allow_all_cpus(pid_t task) { allow_cpus(task, (1ULL << spread_over) - 1); }

/// Makes the actor's next call begin on a CPU that no other actor has, and on another CPU after every four calls. A sleeping task goes on
/// where it ran last. A kernel with one CPU refuses the affinity; the actor's calls are the same there.
static void move_actor(int actor, uint32_t call) {
    if (spread_over < 2) return;
    allow_cpus(actors[actor].pid, 1ULL << ((uint32_t)actor + call / 4) % (spread_over - 1));
    (void)look_at(actor);
    allow_all_cpus(actors[actor].pid);
}

static void become_actor(void) {
    if (spread_over > 1) allow_all_cpus(0);
    for (int i = 0; i < ACTORS; i++) {
        close(control[i]);
        close(replies[i]);
    }
    if (coverage >= 0) close(coverage);
    const int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd);
    close(null);
    if (setsid() < 0 || chdir(BOX) != 0) _exit(97);
    umask(022);
    actor_main(0, SAYS_NOTHING);
}

static void make_pipes(void) {
    for (int i = 0; i < ACTORS; i++) {
        int ends[2];
        if (pipe(ends) != 0) abort();
        dup2(ends[0], CONTROL_FD + i);
        control[i] = fcntl(ends[1], F_DUPFD_CLOEXEC, END_FD);
        close(ends[0]), close(ends[1]);
        if (pipe(ends) != 0) abort();
        dup2(ends[1], REPLY_FD + i);
        replies[i] = fcntl(ends[0], F_DUPFD_CLOEXEC, END_FD);
        close(ends[0]), close(ends[1]);
    }
}

static void close_pipes(void) {
    for (int i = 0; i < ACTORS; i++) {
        close(CONTROL_FD + i), close(REPLY_FD + i);
        close(control[i]), close(replies[i]);
    }
}

// ---- The folder.

static void put(const char* path, size_t size) {
    static char bytes[5000];
    for (size_t i = 0; i < size; i++) bytes[i] = (char)('a' + i % 23);
    const int fd = open(path, O_CREAT | O_WRONLY, 0644);
    if (write(fd, bytes, size) != (ssize_t)size) abort();
    close(fd);
}

/// Whatever has become of them.
static void make_devices(void) {
    static const struct {
        const char* path;
        unsigned minor;
    } DEVICES[] = {{"/dev/null", 3}, {"/dev/zero", 5}, {"/dev/full", 7}, {"/dev/urandom", 9}};
    const mode_t mask = umask(0);
    for (unsigned i = 0; i < sizeof(DEVICES) / sizeof(*DEVICES); i++) {
        unlink(DEVICES[i].path);
        mknod(DEVICES[i].path, S_IFCHR | 0666, makedev(1, DEVICES[i].minor));
    }
    unlink("/dev/tty"), mknod("/dev/tty", S_IFCHR | 0666, makedev(5, 0));
    unlink("/dev/ttyS1"), mknod("/dev/ttyS1", S_IFCHR | 0666, makedev(4, 65));
    unlink("/dev/ptmx"), mknod("/dev/ptmx", S_IFCHR | 0666, makedev(5, 2));
    umask(mask);
}

static void make_box(void) {
    static const char* const NAMES[] = {"a", "b", "d", "d/c", "d/e", "l", "m", "p", "."};
    const struct timespec times[2] = {{1000000000, 5}, {1100000000, 7}};
    if (mount("box", BOX, "tmpfs", 0, "size=4m,nr_inodes=200,mode=755") != 0 || chdir(BOX) != 0) abort();
    put("a", 100);
    put("b", 5000);
    mkdir("d", 0755);
    put("d/c", 10);
    mkdir("d/e", 0700);
    symlink("a", "l");
    symlink("d/none", "m");
    mkfifo("p", 0644);
    for (unsigned i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
        utimensat(AT_FDCWD, NAMES[i], times, AT_SYMLINK_NOFOLLOW);
    chdir("/");
}

// ---- Sequences.

/// Eight characters that name the process wherever a path has room for them.
static uint64_t path_word(pid_t pid) {
    char text[24];
    uint64_t word;
    snprintf(text, sizeof(text), "////////%d", pid);
    memcpy(&word, text + strlen(text) - sizeof(word), sizeof(word));
    return word;
}

static uint64_t resolved(const struct wire_argument* argument) {
    const uint16_t call = argument->index;
    switch (argument->kind) {
        case RESULT: return (uint64_t)(results[call % MAX_CALLS] + (int64_t)argument->value);
        case FIELD: {
            const unsigned buffer = argument->field >> 16, offset = argument->field & 0xffff;
            int32_t word = -1;
            if (call < MAX_CALLS && buffer < outputs[call].count && offset <= 252)
                memcpy(&word, outputs[call].start[buffer] + offset, 4);
            return (uint64_t)(word + (int64_t)argument->value);
        }
        case PROCESS: {
            const uint32_t which = (uint32_t)argument->value;
            const uint64_t high = argument->value & ~(uint64_t)UINT32_MAX;
            const int64_t pid =
                which == 2 ? actors[argument->index % ACTORS].process : actors[argument->index % ACTORS].pid;
            return which == 1 ? (uint64_t)-pid : (uint64_t)pid | high;
        }
        case PROCESS_NAME: return path_word(actors[argument->index % ACTORS].pid);
        default: return argument->value;
    }
}

static void resolve(struct wire_argument* argument) {
    if (argument->kind == CONSTANT || argument->kind == BUFFER || argument->kind == HANDLER) return;
    argument->value = resolved(argument);
    argument->kind = CONSTANT;
}

static void resolve_all(struct wire_call* call) {
    struct wire_argument* arguments = (void*)(call + 1);
    for (unsigned i = 0; i < call->argument_count; i++) resolve(&arguments[i]);
    unsigned char* from = (void*)(arguments + call->argument_count);
    for (unsigned i = 0; i < call->buffer_count; i++) {
        const struct wire_buffer* buffer = (void*)from;
        from += sizeof(*buffer) + PADDED(buffer->data_length);
        for (unsigned r = 0; r < buffer->relocation_count; r++, from += sizeof(struct wire_relocation))
            resolve(&((struct wire_relocation*)from)->argument);
    }
}

static void note_pid(int actor, pid_t pid, uint16_t call) {
    const pid_t process = pid > 0 ? status_of(pid, "Tgid:") : 0;
    actors[actor].pid = pid;
    actors[actor].process = process > 0 ? process : pid;
    actors[actor].exists = 1;
    actors[actor].executes = 0;
    emit(EVENT_PID, call, (uint16_t)actor, pid, NULL, 0);
}

/// The child says who it is: the parent of a vfork that is not over cannot.
static void meet_child(int parent, int child, uint16_t call) {
    if (!actors[parent].is_busy && results[call] <= 0) return;
    const int is_there = has_bytes(replies[child], patience_for_what_comes()) && read_reply(child);
    const struct wire_reply* greeting = (const void*)message;
    const int64_t from_parent = actors[parent].is_busy ? 0 : results[call];
    note_pid(child, (pid_t)(is_there ? greeting->result : from_parent), call);
    actors[child].exists = is_there;
    actors[child].is_busy = 0;
}

static void make_call(struct wire_call* call, uint16_t index) {
    const int actor = call->actor % ACTORS;
    if (!actors[actor].exists || actors[actor].is_busy) {
        emit(EVENT_SKIPPED, index, (uint16_t)actor, 0, NULL, 0);
        return;
    }
    move_actor(actor, index);
    if (!actors[actor].exists || actors[actor].is_busy) {
        emit(EVENT_SKIPPED, index, (uint16_t)actor, 2, NULL, 0);
        return;
    }
    resolve_all(call);
    call->stops = batch_head->stops && index == batch_head->stop_at;
    const struct wire_argument* arguments = (void*)(call + 1);
    const int child = call->number == CALL_FORK ? (int)(arguments[0].value % ACTORS) : -1;
    if (child >= 0 && actors[child].exists) {
        emit(EVENT_SKIPPED, index, (uint16_t)actor, 1, NULL, 0);
        return;
    }
    actors[actor].executes = call->number == SYS_execve || call->number == SYS_execveat;
    send_to(actor, call, call->size, index);
    await(actor, PATIENCE_MS);
    if (child >= 0) meet_child(actor, child, index);
    look_at_others(actor);
}

static void end_all(void) {
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0) {
    }
}

/// Throws away what actors have answered.
static void drain(void) {
    for (int i = 0; i < ACTORS; i++) {
        struct pollfd wait = {replies[i], POLLIN, 0};
        while (poll(&wait, 1, 0) == 1 && read(replies[i], message, sizeof(message)) > 0) {
        }
    }
}

static int is_quiet(void) {
    struct pollfd waits[ACTORS];
    for (int i = 0; i < ACTORS; i++) waits[i] = (struct pollfd){replies[i], POLLIN, 0};
    return poll(waits, ACTORS, PATIENCE_MS) <= 0;
}

/// From here on actors run against each other, as far as their pipes let them.
static void race(const struct wire_sequence* sequence, const unsigned char* from, uint32_t first) {
    static unsigned char copy[MAX_MESSAGE];
    for (int i = 0; i < ACTORS; i++) fcntl(control[i], F_SETFL, O_NONBLOCK);
    for (uint32_t i = first; i < sequence->call_count; i++) {
        struct wire_call* call = (void*)copy;
        memcpy(copy, from, ((const struct wire_call*)from)->size);
        call->stops = batch_head->stops && i == batch_head->stop_at;
        note_progress(sequence->id, i);
        from += call->size;
        const int actor = call->actor % ACTORS;
        if (!actors[actor].exists || actors[actor].is_busy || call->size > PIPE_BUF) continue;
        resolve_all(call);
        if (write(control[actor], copy, call->size) < 0) drain();
        if (i % 8 == 7) drain();
    }
    for (int patience = 0; patience < 100 && !is_quiet(); patience++) drain();
}

/// All tasks of the machine, the kernel's too: the number behind the slash.
static uint64_t count_threads(void) {
    char text[128] = "";
    const int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    read(fd, text, sizeof(text) - 1);
    close(fd);
    const char* at = strchr(text, '/');
    return at != NULL ? strtoull(at + 1, NULL, 10) : 0;
}

static void tell_counts(void) {
    char text[2048] = "";
    struct wire_counts counts = {0};
    const int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    read(fd, text, sizeof(text) - 1);
    close(fd);
    const char* const names[] = {"MemFree:", "Shmem:", "SUnreclaim:", "Committed_AS:"};
    uint64_t* const places[] = {&counts.free_kib, &counts.shared_kib, &counts.slab_kib,
                                &counts.committed_kib};
    for (int i = 0; i < 4; i++) {
        const char* at = strstr(text, names[i]);
        if (at != NULL) *places[i] = strtoull(at + strlen(names[i]), NULL, 10);
    }
    DIR* processes = opendir("/proc");
    for (struct dirent* entry; processes != NULL && (entry = readdir(processes)) != NULL;)
        counts.processes += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
    if (processes != NULL) closedir(processes);
    counts.threads = count_threads();
    emit(EVENT_COUNTS, 0, 0, 0, &counts, sizeof(counts));
}

static void find_coverage(void) {
    const int fd = open("/proc/exo_coverage", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    coverage = fcntl(fd, F_DUPFD_CLOEXEC, END_FD);
    close(fd);
}

/// What has run for the first time in this machine.
static void tell_coverage(void) {
    static unsigned char reached[1 << 20];
    size_t done = 0;
    ssize_t got = 0;
    lseek(coverage, 0, SEEK_SET);
    while ((got = read(coverage, reached + done, sizeof(reached) - done)) > 0) done += (size_t)got;
    if (done > 0) emit(EVENT_REACHED, 0, 0, 0, reached, (uint32_t)done);
}

/// What a sequence can change of the whole machine and of its parent: the next one finds it as the first did.
static void reset_machine(void) {
    sethostname("machine", 7);
    setdomainname("(none)", 6);
    setpriority(PRIO_USER, 0, 0);  // threads of the kernel are root's too
    mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL);
    // Sockets that only each other's packets hold go: Linux collects them after a socket is closed, in a thread of the kernel.
    const struct timespec pause = {0, 2000000};
    close(socket(AF_UNIX, SOCK_STREAM, 0));
    nanosleep(&pause, NULL);
}

/// Process ids in links, and the lengths of such links, have as many digits on every kernel, however many it has used up
/// before: from here on four.
static void use_up_short_ids(void) {
    pid_t pid = 0;
    while (pid < 1000) {
        pid = vfork();
        if (pid == 0) _exit(0);
        if (pid < 0 || waitpid(pid, NULL, 0) != pid) abort();
    }
}

static void run_sequence(const struct wire_sequence* sequence) {
    reset_machine();
    memset(actors, 0, sizeof(actors));
    for (unsigned i = 0; i < MAX_CALLS; i++) {
        results[i] = -1;
        outputs[i].count = 0;
    }
    make_pipes();
    make_devices();
    make_box();
    const int has_terminal = memmem(sequence, sequence->size, "/dev/tty", 8) != NULL;
    if (has_terminal) reset_terminal();
    const pid_t pid = fork();
    if (pid == 0) become_actor();
    note_pid(0, pid, 0);
    const unsigned char* from = (const void*)(sequence + 1);
    static unsigned char copy[MAX_MESSAGE];
    for (uint32_t i = 0; i < sequence->call_count; i++) {
        const struct wire_call* call = (const void*)from;
        if (i == sequence->race_from) {
            race(sequence, from, i);
            break;
        }
        memcpy(copy, call, call->size);
        note_progress(sequence->id, i);
        make_call((void*)copy, (uint16_t)i);
        from += call->size;
    }
    end_all();
    if (has_terminal) mark_terminal(sequence->id);
    if (wants_counts)
        frame_size = 0;  // the stream of frames takes memory too
    else
        take_snapshot(BOX);
    // The sequence may have mounted over it.
    while (umount2(BOX, MNT_DETACH) == 0) {
    }
    close_pipes();
    if (wants_counts) reset_machine(), tell_counts();
    if (coverage >= 0) tell_coverage();
    send_frame(sequence->id);
}

static unsigned char* load_batch(size_t* size) {
    struct stat status;
    const int fd = open("/batch", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) abort();
    *size = (size_t)status.st_size;
    unsigned char* bytes = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t done = 0; done < *size;) {
        const ssize_t got = read(fd, bytes + done, *size - done);
        if (got <= 0) abort();
        done += (size_t)got;
    }
    close(fd);
    unlink("/batch");
    madvise(bytes, *size, MADV_DONTFORK);
    return bytes;
}

static void copy_file(const char* from, const char* to) {
    static char bytes[65536];
    ssize_t size;
    const int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY, 0755);
    while ((size = read(in, bytes, sizeof(bytes))) > 0)
        if (write(out, bytes, (size_t)size) != size) abort();
    close(in), close(out);
}

/// The same root for both kernels: their own one, before init, is made in different ways.
static void enter_root(void) {
    umask(0);
    mkdir("/root", 0755);
    if (mount("root", "/root", "tmpfs", 0, "size=16m,nr_inodes=1000,mode=755") != 0) abort();
    mkdir("/root/dev", 0755), mkdir("/root/proc", 0755), mkdir("/root/tmp", 01777), mkdir("/root" BOX, 0755);
    mkdir("/root/bin", 0755);
    copy_file("/exe", "/root/exe"), copy_file("/bin/busybox", "/root/bin/busybox");
    if (chroot("/root") != 0 || chdir("/") != 0) abort();
    mount("proc", "/proc", "proc", 0, NULL);
    mkdir("/dev/pts", 0755);
    mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
    umask(022);
}

/// Whether the machine is still good for something: busybox adds two numbers.
static int run_known_program(void) {
    int ends[2], status = -1;
    char text[16] = "";
    if (pipe(ends) != 0) return 0;
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        execl("/bin/busybox", "busybox", "expr", "40", "+", "2", (char*)NULL);
        _exit(127);
    }
    close(ends[1]);
    const ssize_t size = read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    waitpid(pid, &status, 0);
    return size == 3 && status == 0 && memcmp(text, "42\n", 3) == 0;
}

/// Makes the stack as large as it will be, so that what it holds is counted from the start.
static __attribute__((noinline)) void grow_stack(void) {
    volatile char pages[1 << 16];
    for (size_t at = 0; at < sizeof(pages); at += 4096) pages[at] = 0;
}

/// Keeps some blocks of the size of a DIR for ever, with free ones between: else the library gives the last free one's memory
/// back or keeps it, depending on how often it has done so, and that would be counted.
static void keep_heap(void) {
    enum { BLOCKS = 32, SIZE_OF_DIR = 2072 };
    void* blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) blocks[i] = malloc(SIZE_OF_DIR);
    for (int i = 0; i < BLOCKS; i += 2) free(blocks[i]);
}

void controller_main(void) {
    signal(SIGPIPE, SIG_IGN);
    grow_stack();
    keep_heap();
    size_t size;
    unsigned char* batch = load_batch(&size);
    enter_root();
    const struct wire_batch* head = (const void*)batch;
    start_memory(head->run);
    frame = memory_of_controller(FRAME_SIZE);
    outputs = memory_of_controller(MAX_CALLS * sizeof(*outputs));
    wants_counts = head->wants_counts != 0;
    spread_over = head->spread_over;
    batch_head = head;
    if (spread_over > 1) allow_cpus(0, 1ULL << (spread_over - 1));
    find_coverage();
    if (coverage >= 0) tell_coverage();
    if (!wants_counts) use_up_short_ids();  // where things are counted, none is compared
    frame_size = 0;                         // what has run by itself is no sequence's
    unsigned count = 0;
    for (size_t at = sizeof(*head); at < size; count++) {
        const struct wire_sequence* sequence = (const void*)(batch + at);
        run_sequence(sequence);
        at += sequence->size;
        if (count % 16 == 0) put_word(".\n");
    }
    if (run_known_program()) put_word("@@ALIVE\n");
    put_word("@@DONE\n");
    while (1) pause();
}

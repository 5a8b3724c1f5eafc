// Groups of senders and receivers, as hackbench has them: each sender writes messages to each receiver of its group through a socket
// of that receiver's. An operation is a message.
#include "smp.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROUPS = 2, SENDERS = 4, RECEIVERS = 4, LOOPS = 60, SIZE = 100 };
enum { MESSAGES = GROUPS * SENDERS * RECEIVERS * LOOPS, PROCESSES = GROUPS * (SENDERS + RECEIVERS) };

static void receive(int socket) {
    char message[SIZE];
    long sum = 0;
    for (int messages = 0; messages < SENDERS * LOOPS; ++messages) {
        for (long had = 0; had < SIZE;) {
            const long got = CALL3(SYS_read, socket, message + had, SIZE - had);
            REQUIRE(got > 0);
            had += got;
        }
        for (int i = 0; i < SIZE; ++i) sum += message[i];
    }
    _exit(sum == (long)SENDERS * LOOPS * SIZE * 'm' ? 0 : 1);
}

static void send_all(const int* sockets) {
    char message[SIZE];
    memset(message, 'm', sizeof message);
    for (int loop = 0; loop < LOOPS; ++loop)
        for (int receiver = 0; receiver < RECEIVERS; ++receiver)
            for (long had = 0; had < SIZE;) {
                const long put = CALL3(SYS_write, sockets[receiver], message + had, SIZE - had);
                REQUIRE(put > 0);
                had += put;
            }
    _exit(0);
}

static void start_group(void) {
    int sockets[RECEIVERS];
    for (int receiver = 0; receiver < RECEIVERS; ++receiver) {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) receive(ends[0]);
        close(ends[0]);
        sockets[receiver] = ends[1];
    }
    for (int sender = 0; sender < SENDERS; ++sender) {
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) send_all(sockets);
    }
    for (int receiver = 0; receiver < RECEIVERS; ++receiver) close(sockets[receiver]);
}

static void run_groups(int worker, long count) {
    (void)worker;
    for (; count > 0; count -= MESSAGES) {
        for (int group = 0; group < GROUPS; ++group) start_group();
        for (int process = 0; process < PROCESSES; ++process) {
            int status = -1;
            REQUIRE(wait(&status) > 0 && status == 0);
        }
    }
}
static void prove_groups(int worker) { run_groups(worker, 1); }

const struct Operation group_operations[] = {
    {"hackbench", WHOLE, MESSAGES, NULL, NULL, prove_groups, run_groups, NULL, NULL},
    {NULL},
};

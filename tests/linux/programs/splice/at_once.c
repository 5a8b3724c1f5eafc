// Who waits for the bytes of a pipe finds all of them that a splice, a sendfile or a vmsplice has brought, not those of the first page.
#include "check.h"

#include <sched.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static char text[12000], got_text[16384];

/// A child that waits for bytes, runs as soon as it is woken, and says how many it has found. The parent, which writes the bytes, prints
/// its own line once the child has ended: on several CPUs parent and child may print in any order.
static pid_t start_reader(int ends[2]) {
    OK(pipe(ends));
    pid_t child = SPAWN(struct sched_param first = {.sched_priority = 10};
                        OK(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first));
                        IS(9000, read(ends[0], got_text, sizeof got_text)); _exit(done()));
    until_asleep(child);
    return child;
}

int main(void) {
    int ends[2], file = open("file", O_RDWR | O_CREAT, 0600);
    IS(12000, write(file, text, sizeof text));
    loff_t place = 3000;
    pid_t child = start_reader(ends);
    long brought = splice(file, &place, ends[1], NULL, 9000, 0);
    check_end(child, "exit 0");
    IS(9000, brought);
    off_t offset = 3000;
    child = start_reader(ends);
    brought = sendfile(ends[1], file, &offset, 9000);
    check_end(child, "exit 0");
    IS(9000, brought);
    child = start_reader(ends);
    brought = vmsplice(ends[1], &(struct iovec){text + 100, 9000}, 1, 0);
    check_end(child, "exit 0");
    IS(9000, brought);
    return done();
}

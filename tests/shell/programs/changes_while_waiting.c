/* One thread changes what another one has given to a call that waits: a path that the kernel has read already, and data that it has not
   read yet. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CAPACITY = 65536 };

static char path[16] = "/tmp/fifo";
static char data[16] = "before";
static int ends[2];
static char sink[CAPACITY];

static void* change(void* unused) {
    (void)unused;
    usleep(200000); /* the other thread waits in open */
    strcpy(path, "/tmp/else");
    if (open("/tmp/fifo", O_WRONLY) < 0) exit(1);
    usleep(200000); /* it waits in write */
    strcpy(data, "after!");
    if (read(ends[0], sink, CAPACITY) != CAPACITY) exit(2);
    return NULL;
}

int main(void) {
    pthread_t thread;
    if (mkfifo("/tmp/fifo", 0600) != 0 || pipe(ends) != 0 || write(ends[1], sink, CAPACITY) != CAPACITY)
        return 3;
    if (pthread_create(&thread, NULL, change, NULL) != 0 || open(path, O_RDONLY) < 0) return 4;
    if (write(ends[1], data, 6) != 6) return 5;
    pthread_join(thread, NULL);
    ssize_t size = read(ends[0], sink, CAPACITY);
    return write(1, sink, (size_t)size) == size ? 0 : 6;
}

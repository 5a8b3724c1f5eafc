/* A thread that is not the first one executes a program, and so takes the place of all others. */
#include <pthread.h>
#include <unistd.h>

static void* execute(void* unused) {
    (void)unused;
    execl("/bin/echo", "echo", "executed", (char*)0);
    return NULL;
}

int main(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, execute, NULL) != 0) return 1;
    for (;;) pause();
}

// The first process of a machine in which real programs are measured: prepares and runs each task of /bench/tasks, and has the counting
// plugin count from before the fork to after the wait.
//
// A line of /bench/tasks is `name rounds`. /bench/name.prepare is a script of /bin/sh, which runs before each round and is not counted;
// /bench/name.words is the command, a word a line. Both run in /bench/in/name. Round 0 is not counted: it brings files into caches.
//
//   @@ROUND name status nanoseconds   a counted round: the command's wait status and how long it took by the machine's clock
//   @@FAILED name what                the task could not be done; its other rounds are left out
//   @@DONE                            all tasks have been tried
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_WORDS = 64, MOST_BYTES = 4096 };

// nopl imm32(%rax): the counting plugin opens and closes a region here.
#define OPEN_REGION() __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x01, 0x00, 0x58, 0x45" ::: "memory")
#define CLOSE_REGION() __asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x02, 0x00, 0x58, 0x45" ::: "memory")

static char* environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                              "HOME=/root",
                              "LC_ALL=C.UTF-8",
                              "TZ=UTC0",
                              "TERM=dumb",
                              "USER=root",
                              NULL};

static void mount_all(void) {
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mkdir("/dev/shm", 01777);
    mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
    mkdir("/bench/in", 0755);
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Executes the words in the child of a fork, with their output in /bench/output; returns the wait status, or -1.
static int run(char* const words[], const char* folder) {
    const pid_t child = fork();
    if (child < 0) return -1;
    if (child == 0) {
        const int output = open("/bench/output", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        const int input = open("/dev/null", O_RDONLY);
        if (chdir(folder) != 0 || output < 0 || input < 0) _exit(126);
        dup2(input, 0);
        dup2(output, 1);
        dup2(output, 2);
        close(input);
        close(output);
        execve(words[0], words, environment);
        _exit(127);
    }
    int status = -1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return status;
}

static int read_words(const char* name, char* text, char* words[]) {
    char path[256];
    snprintf(path, sizeof path, "/bench/%s.words", name);
    FILE* file = fopen(path, "r");
    if (!file) return -1;
    const size_t length = fread(text, 1, MOST_BYTES - 1, file);
    fclose(file);
    text[length] = 0;
    int count = 0;
    for (char* word = strtok(text, "\n"); word && count < MOST_WORDS - 1; word = strtok(NULL, "\n"))
        words[count++] = word;
    words[count] = NULL;
    return count;
}

static void show_output(void) {
    FILE* file = fopen("/bench/output", "r");
    char line[512];
    while (file && fgets(line, sizeof line, file)) printf("  %s", line);
    if (file) fclose(file);
}

static void measure(const char* name, int rounds) {
    static char text[MOST_BYTES];
    char* words[MOST_WORDS];
    char folder[256], script[256];
    snprintf(folder, sizeof folder, "/bench/in/%s", name);
    snprintf(script, sizeof script, "/bench/%s.prepare", name);
    mkdir(folder, 0755);
    if (read_words(name, text, words) <= 0) {
        printf("@@FAILED %s no command\n", name);
        return;
    }
    char* const prepare[] = {"/bin/sh", "-e", script, NULL};
    for (int round = 0; round <= rounds; ++round) {
        const int prepared = run(prepare, folder);
        if (prepared != 0) {
            show_output();
            printf("@@FAILED %s its preparation ends with status %#x\n", name, prepared);
            return;
        }
        const long long begun = now();
        if (round) OPEN_REGION();
        const int status = run(words, folder);
        if (round) CLOSE_REGION();
        const long long ended = now();
        if (status != 0) {
            show_output();
            printf("@@FAILED %s it ends with status %#x\n", name, status);
            return;
        }
        if (round) printf("@@ROUND %s %d %lld\n", name, status, ended - begun);
    }
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    mount_all();
    FILE* tasks = fopen("/bench/tasks", "r");
    char name[128];
    int rounds = 0;
    while (tasks && fscanf(tasks, "%127s %d", name, &rounds) == 2) measure(name, rounds);
    puts("@@DONE");
    fflush(stdout);
    sync();
    reboot(RB_AUTOBOOT);
    return 1;
}

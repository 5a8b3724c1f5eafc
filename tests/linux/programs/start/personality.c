// personality(): any value is kept, and over fork and exec; what the flags change.
#include <sys/personality.h>

#include "check.h"

static void show_names(void) {
    struct utsname names;
    uname(&names);
    SAY("%.6s on %s", names.release, names.machine);
}

static int is_executable(void* page) {
    char line[256], wanted[32];
    snprintf(wanted, sizeof wanted, "%lx-", (unsigned long)page);
    FILE* maps = fopen("/proc/self/maps", "r");
    int found = -1;
    while (fgets(line, sizeof line, maps))
        if (strncmp(line, wanted, strlen(wanted)) == 0) found = strchr(line, ' ')[3] == 'x';
    fclose(maps);
    return found;
}

static long left_of_select(void) {
    struct timeval wait = {1, 5};
    int ends[2];
    pipe(ends);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[1], &set);
    syscall(SYS_select, ends[1] + 1, NULL, &set, NULL, &wait);
    return wait.tv_usec == 5 ? 5 : 0;
}

int main(int argc, char** argv) {
    if (argc > 1) {
        SAY("after exec %x", personality(0xffffffff));
        char* low = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        SAY("maps %s", (unsigned long)low < 1ul << 46 ? "from below" : "from above");
        return 0;
    }
    IS(0, personality(0x1000));
    IS(0x1000, personality(0xffffffff));
    CHILD("exit 0", IS(0x1000, personality(0xabcd00)));
    IS(0x1000, personality(0x20000));
    show_names();
    IS(0x20000, personality(PER_LINUX32));
    show_names();
    personality(READ_IMPLIES_EXEC);
    char* room =
        mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);  // neighbours of another kind
    char* p = mmap(room + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    IS(1, is_executable(p));
    personality(0);
    mprotect(p, PAGE, PROT_READ | PROT_WRITE);
    IS(0, is_executable(p));
    personality(READ_IMPLIES_EXEC);
    mprotect(p, PAGE, PROT_READ);
    IS(1, is_executable(p));
    CHILD("exit 0", execl(argv[0], argv[0], "x", NULL));
    personality(0);
    SAY("%ld left", left_of_select());
    personality(STICKY_TIMEOUTS);
    SAY("%ld left", left_of_select());
    CHILD("exit 0", personality(ADDR_COMPAT_LAYOUT); execl(argv[0], argv[0], "x", NULL));
    return done();
}

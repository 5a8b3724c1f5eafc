// limit: 30
// Processes that rename directories into each other's way never make a loop or lose a file.
#include "check.h"

int main(void) {
    mkdir("a", 0755), mkdir("b", 0755), mkdir("a/x", 0755), mkdir("b/y", 0755);
    make_file("a/x/file", "1", 0600), make_file("b/y/file", "2", 0600);
    pid_t one = SPAWN(for (int i = 0; i < 300; i++) {
        rename("a/x", "b/x");
        rename("b/x", "a/x");
        if (i % 3 == 0) sched_yield();
    });
    pid_t two = SPAWN(for (int i = 0; i < 300; i++) {
        rename("b/y", "a/x/y");
        rename("a/x/y", "b/y");
        if (i % 5 == 0) sched_yield();
    });
    pid_t three = SPAWN(for (int i = 0; i < 300; i++) {
        rename("a", "c");
        rename("c", "a");
        if (i % 7 == 0) sched_yield();
    });
    check_end(one, "exit 0"), check_end(two, "exit 0"), check_end(three, "exit 0");
    rename("c", "a");
    int found = 0;
    FILE* list = popen("find . -name file | wc -l", "r");
    fscanf(list, "%d", &found);
    pclose(list);
    IS(2, found);
    return done();
}

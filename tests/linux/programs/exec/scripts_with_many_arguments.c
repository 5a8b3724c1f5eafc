// A script gets its interpreter's words in front of arguments that fill many pages; strings lie across pages.
#include "check.h"

enum { COUNT = 3000 };

static unsigned sum_of(const char* text, unsigned sum) {
    for (; *text != '\0'; text++) sum = sum * 31 + (unsigned char)*text;
    return sum;
}

static int tell(int argc, char** argv, char** envp) {
    unsigned sum = 0, environment = 0;
    int variables = 0;
    for (int i = 4; i < argc; i++) sum = sum_of(argv[i], sum);
    for (; envp[variables] != NULL; variables++) environment = sum_of(envp[variables], environment);
    SAY("%d arguments: %.20s, %.20s, %.20s, %.20s; %zu in the last", argc, argv[0], argv[1], argv[2], argv[3],
        strlen(argv[argc - 1]));
    SAY("sums %x and %x of %d", sum, environment, variables);
    TRUE(argv[argc] == NULL);
    // They lie one behind the other, as /proc/PID/cmdline shows them.
    for (int i = 1; i < argc; i++) TRUE(argv[i] == argv[i - 1] + strlen(argv[i - 1]) + 1);
    TRUE(envp[0] == argv[argc - 1] + strlen(argv[argc - 1]) + 1);
    return done();
}

int main(int argc, char** argv, char** envp) {
    if (argc > 2) return tell(argc, argv, envp);
    static char* words[COUNT + 3];
    static char* variables[COUNT + 1];
    static char first[9000], long_word[70000];
    memset(first, 'f', sizeof first - 1);
    memset(long_word, 'w', sizeof long_word - 1);
    char self[256] = "";
    OK(readlink("/proc/self/exe", self, sizeof self - 1));
    char line[400];
    int size = snprintf(line, sizeof line, "#!%s -x yz\n", self);
    int fd = OK(open("inner", O_CREAT | O_WRONLY, 0755));
    IS(size, write(fd, line, (size_t)size));
    OK(close(fd));
    fd = OK(open("outer", O_CREAT | O_WRONLY, 0755));
    IS(14, write(fd, "#!./inner a b\n", 14));
    OK(close(fd));
    words[0] = first;  // goes
    for (int i = 1; i <= COUNT; i++) {
        words[i] = malloc(64);
        snprintf(words[i], 64, "%0*d", i % 60, i);
        variables[i - 1] = i % 3 == 0 ? "" : words[i];
    }
    words[COUNT + 1] = long_word;
    CHILD("exit 0", FAILS(0, execve("./outer", words, variables)));
    words[1] = NULL;
    CHILD("exit 0", FAILS(0, execve("./outer", words, variables)));
    words[0] = NULL;
    CHILD("exit 0", FAILS(0, execve("./outer", words, variables)));
    return done();
}

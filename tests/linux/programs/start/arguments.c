// The arguments and the environment as execve passed them, and where they lie on the stack.
#include "check.h"

int main(int argc, char** argv, char** envp) {
    if (argc > 1) {
        for (int i = 0; i < argc; i++) SAY("argv[%d] = '%s'", i, argv[i]);
        TRUE(argv[argc] == NULL);
        for (int i = 0; envp[i]; i++) SAY("envp[%d] = '%s'", i, envp[i]);
        TRUE(envp == argv + argc + 1);
        TRUE((uintptr_t)(argv - 1) % 16 == 0);
        int in_order = 1;
        for (int i = 1; i < argc; i++) in_order &= argv[i] == argv[i - 1] + strlen(argv[i - 1]) + 1;
        in_order &= envp[0] == argv[argc - 1] + strlen(argv[argc - 1]) + 1;
        TRUE(in_order);
        return done();
    }
    char* const arguments[] = {"zero", "one", "", "three with spaces", "\xff\n", NULL};
    char* const environment[] = {"A=1", "B=", "NOVALUE", "A=again", NULL};
    CHILD("exit 0", execve(argv[0], arguments, environment));
    return done();
}

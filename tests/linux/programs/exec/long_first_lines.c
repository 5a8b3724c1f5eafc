// The first line of a script at the greatest length that is looked at.
#include "check.h"

static char* const none[] = {NULL};

static void attempt(const char* what, const char* content, size_t length) {
    unlink("script");
    int fd = open("script", O_CREAT | O_WRONLY, 0755);
    write(fd, content, length);
    close(fd);
    pid_t child = check_fork();
    if (child == 0) {
        char* const arguments[] = {"zero", "first", NULL};
        execve("script", arguments, none);
        SAY("%s: %s", what, error_name(errno));
        exit(0);
    }
    check_end(child, "exit 0");
}

int main(int argc, char** argv) {
    if (argc > 1) {
        for (int i = 1; i < argc; i++)
            SAY("  argv[%d] of %d bytes, ends '%s'", i, (int)strlen(argv[i]),
                argv[i] + (strlen(argv[i]) > 3 ? strlen(argv[i]) - 3 : 0));
        return 0;
    }
    char line[600], what[64];
    symlink(argv[0], "i");
    for (int length = 253; length <= 258; length++) {
        // An argument as long as the line allows.
        memset(line, 'a', sizeof line);
        memcpy(line, "#!./i ", 6);
        line[length - 1] = '\n';
        snprintf(what, sizeof what, "argument, newline at %d", length - 1);
        SAY("%s", what), attempt(what, line, sizeof line);
        snprintf(what, sizeof what, "argument, file of %d", length);
        line[length - 1] = 'a';
        SAY("%s", what), attempt(what, line, length);
        // Only the interpreter.
        memset(line, '/', sizeof line);
        memcpy(line, "#!.", 3);
        line[length - 2] = 'i', line[length - 1] = '\n';
        snprintf(what, sizeof what, "interpreter, newline at %d", length - 1);
        SAY("%s", what), attempt(what, line, sizeof line);
        line[length - 1] = ' ';
        snprintf(what, sizeof what, "interpreter, blank at %d", length - 1);
        SAY("%s", what), attempt(what, line, sizeof line);
        line[length - 1] = '\t', line[length] = '\n';
        SAY("%s and newline", what), attempt(what, line, sizeof line);
        snprintf(what, sizeof what, "interpreter, file of %d", length - 1);
        SAY("%s", what), attempt(what, line, length - 1);
        line[length - 1] = 0;
        SAY("interpreter, NUL"), attempt(what, line, sizeof line);
    }
    memset(line, ' ', sizeof line), memcpy(line, "#!", 2);
    attempt("blanks only", line, sizeof line);
    attempt("blanks only, short", line, 100);
    line[250] = '\n';
    attempt("blanks and a newline", line, sizeof line);
    attempt("NUL first", "#!\0./i\n", 8);
    attempt("NUL in the argument", "#!./i a\0b\n", 11);
    attempt("NUL after the interpreter", "#!./i\0b\n", 9);
    attempt("only the mark", "#!", 2);
    attempt("carriage return", "#!./i\r\n", 7);
    return done();
}

// build: glibc
// A static program on glibc: start, threads' local storage, stdio, malloc, locale-free printing.
#include "check.h"

static __thread int local = 7;

int main(int argc, char** argv) {
    SAY("%d arguments, %s", argc, argv[0]);
    IS(7, local);
    char* text = malloc(100000);
    memset(text, 'x', 99999);
    text[99999] = 0;
    IS(99999, strlen(text));
    SAY("%.3f %s", 22.0 / 7, strerror(ENOENT));
    FILE* file = fopen("file", "w+");
    fprintf(file, "%d\n", 12345);
    rewind(file);
    int number = 0;
    IS(1, fscanf(file, "%d", &number));
    IS(12345, number);
    fclose(file);
    IS(0, system("exit 0"));
    IS(3, WEXITSTATUS(system("echo from the shell; exit 3")));
    FILE* pipe = popen("echo through a pipe", "r");
    char line[64];
    fgets(line, sizeof line, pipe);
    fputs(line, stdout);
    IS(0, pclose(pipe));
    return done();
}

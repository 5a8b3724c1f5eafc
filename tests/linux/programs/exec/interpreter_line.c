// #! lines: the interpreter, its one argument, spaces, nesting, and what is wrong with them.
#include "check.h"

static char* const none[] = {NULL};

static void try_script(const char* name, const char* line) {
    make_file(name, line, 0755);
    char* const arguments[] = {"zero", "first", "second", NULL};
    CHILD("exit 0", execve(name, arguments, none); SAY("%s", error_name(errno)));
}

int main(int argc, char** argv) {
    char line[5000];
    if (argc > 1) {
        for (int i = 0; i < argc; i++) SAY("  argv[%d] = '%s'", i, argv[i]);
        return 0;
    }
    snprintf(line, sizeof line, "#!%s\nrest", argv[0]);
    try_script("plain", line);
    snprintf(line, sizeof line, "#!   %s   one argument  \nrest", argv[0]);
    try_script("argument", line);
    snprintf(line, sizeof line, "#!%s", argv[0]);
    try_script("no_newline", line);
    try_script("nested", "#!plain x\n");
    try_script("nested2", "#!nested y\n");
    try_script("nested3", "#!nested2\n");
    try_script("nested4", "#!nested3\n");
    try_script("nested5", "#!nested4\n");
    try_script("missing", "#!/no/interpreter\n");
    try_script("nothing", "#!\n");
    try_script("spaces", "#!    \n");
    try_script("itself", "#!itself\n");
    snprintf(line, sizeof line, "#!%s %0*d\n", argv[0], 220, 7);
    try_script("long", line);
    snprintf(line, sizeof line, "#!/%0*d\n", 300, 7);
    try_script("too_long", line);
    CHILD("exit 0", execve("./plain", (char* const[]){NULL}, none));
    return done();
}

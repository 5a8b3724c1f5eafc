// Runs sequences of system calls and tells what came of each: /init of a test machine. As /exe it is what an actor
// executes: `actorN` goes on as actor N.
#include <string.h>
#include <unistd.h>

#include "guest.h"

int main(int count, char** arguments) {
    if (getpid() == 1) controller_main();
    if (count >= 2 && strncmp(arguments[1], "actor", 5) == 0 && arguments[1][5] >= '0' &&
        arguments[1][5] < '0' + ACTORS)
        actor_main(arguments[1][5] - '0', SAYS_EXECUTED);
    return 77;
}

// Children that sleep different times wake up in that order.
#include "check.h"

int main(void) {
    int ends[2];
    pipe(ends);
    const int order[] = {5, 1, 4, 0, 3, 2};
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        SPAWN(nap_ms(100 + order[i] * 60); char digit = '0' + order[i]; write(ends[1], &digit, 1));
    close(ends[1]);
    char text[8] = "";
    for (int used = 0, n; (n = read(ends[0], text + used, sizeof text - used)) > 0;) used += n;
    SAY("%s", text);
    while (wait(NULL) > 0) continue;
    return done();
}

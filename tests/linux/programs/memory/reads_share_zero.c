// Reading untouched memory gives zeros; writing afterwards changes that page alone.
#include "check.h"

int main(void) {
    char* p = anonymous(16 * PAGE);
    long sum = 0;
    for (int i = 0; i < 16; i++) sum += p[i * PAGE];
    IS(0, sum);
    p[5 * PAGE] = 1;
    for (int i = 0; i < 16; i++) sum += p[i * PAGE];
    IS(1, sum);
    CHILD("exit 0", sum = 0; p[6 * PAGE] = 1; for (int i = 0; i < 16; i++) sum += p[i * PAGE]; IS(2, sum));
    IS(0, p[6 * PAGE]);
    return done();
}

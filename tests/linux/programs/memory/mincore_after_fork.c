// mincore() in a child: zeros that were only read are not copied, where nothing has been written before.
#include "check.h"

static void show(const char* what, const char* pages) {
    unsigned char there[2];
    OK(mincore((void*)pages, 2 * PAGE, there));
    SAY("%s: %d %d", what, there[0] & 1, there[1] & 1);
}

int main(void) {
    const volatile char* readable = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char* written = anonymous(2 * PAGE);
    IS(0, readable[0] + readable[PAGE]);
    written[0] = 1;
    IS(0, ((volatile char*)written)[PAGE]);
    show("readable", (const char*)readable);
    show("written", written);
    CHILD("exit 0", {
        show("readable, child", (const char*)readable);
        show("written, child", written);
        IS(0, readable[PAGE]);
        show("readable, child, read", (const char*)readable);
    });
    return done();
}

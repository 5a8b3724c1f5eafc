// Links of /proc lead to something without a name behind it: what O_CREAT, O_TRUNC and calls that make a name do there.
#include "check.h"

int main(void) {
    make_file("target", "content", 0644);
    const int target = OK(open("target", O_RDWR));
    char link[64], text[16] = "";
    sprintf(link, "/proc/self/fd/%d", target);
    OK(close(OK(open(link, O_RDWR | O_CREAT, 0600))));
    OK(close(OK(open("/proc/self/exe", O_RDONLY | O_CREAT, 0600))));
    FAILS(EEXIST, open(link, O_RDWR | O_CREAT | O_EXCL, 0600));
    FAILS(EISDIR, open("/proc/self/cwd", O_RDWR | O_CREAT, 0600));
    FAILS(EISDIR, open("/proc/self/exe/", O_RDONLY | O_CREAT, 0600));
    FAILS(ETXTBSY, open("/proc/self/exe", O_RDONLY | O_TRUNC));
    FAILS(ETXTBSY, open("/proc/self/exe", O_RDWR | O_CREAT, 0600));
    FAILS(EEXIST, mkdir(link, 0700));
    FAILS(ENOTDIR, mkdir("/proc/self/exe/x", 0700));
    FAILS(EEXIST, mkdir("/proc/self/cwd", 0700));
    OK(mkdir("/proc/self/cwd/made", 0700));
    OK(rmdir("made"));
    IS(7, read(target, text, sizeof text));
    OK(close(OK(open(link, O_RDWR | O_CREAT | O_TRUNC, 0600))));
    IS(0, pread(target, text, sizeof text, 0));
    symlink(link, "through");
    OK(close(OK(open("through", O_RDWR | O_CREAT, 0600))));
    return done();
}

// copy_file_range(): between file systems, at the ends of what a file may hold, what is refused and in which order.
#include "check.h"

int main(void) {
    make_file("a", "0123456789", 0644);
    int in = open("a", O_RDWR), out = open("b", O_CREAT | O_RDWR, 0644);
    mkdir("other", 0755);
    OK(mount("tmpfs", "other", "tmpfs", 0, NULL));
    int far = open("other/c", O_CREAT | O_RDWR, 0644);
    FAILS(EXDEV, copy_file_range(in, NULL, far, NULL, 5, 0));
    FAILS(EXDEV, copy_file_range(open("/proc/self/status", O_RDONLY), NULL, out, NULL, 5, 0));
    FAILS(EINVAL, copy_file_range(open("/dev/null", O_RDONLY), NULL, out, NULL, 5, 0));
    off_t from = 0, to = INT64_MAX - 2;
    IS(2, copy_file_range(in, &from, out, &to, 5, 0));
    SAY("%ld %d", (long)from, to == INT64_MAX);
    from = 0, to = INT64_MAX;
    FAILS(EFBIG, copy_file_range(in, &from, out, &to, 5, 0));
    from = -1, to = 0;
    FAILS(EOVERFLOW, copy_file_range(in, &from, out, &to, 5, 0));
    from = 0, to = -1;
    FAILS(EOVERFLOW, copy_file_range(in, &from, out, &to, 5, 0));
    from = 0, to = 0;
    IS(10, copy_file_range(in, &from, out, &to, -1, 0));
    FAILS(EFAULT, copy_file_range(in, unmapped(), out, NULL, 5, 0));
    FAILS(EFAULT, copy_file_range(in, NULL, out, KERNEL_ADDRESS, 5, 0));
    FAILS(EFAULT, copy_file_range(in, unmapped(), out, NULL, 5, 7));
    FAILS(EINVAL, copy_file_range(in, NULL, out, NULL, 5, 7));
    from = 4, to = 0;
    IS(4, copy_file_range(in, &from, in, &to, 4, 0));
    SAY("%s", content_of("a"));
    from = 20;
    IS(0, copy_file_range(in, &from, out, &to, 4, 0));
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {6, 6};
    setrlimit(RLIMIT_FSIZE, &limit);
    from = 0, to = 3;
    IS(3, copy_file_range(in, &from, out, &to, 8, 0));
    FAILS(EFBIG, copy_file_range(in, &from, out, &to, 8, 0));
    signal(SIGXFSZ, SIG_DFL);
    CHILD("SIGXFSZ", copy_file_range(in, &from, out, &to, 8, 0));
    return done();
}

// memfd_create: its names and flags, and what each seal forbids.
#include "check.h"

static long memfd(const char* name, unsigned flags) { return syscall(SYS_memfd_create, name, flags); }

static void say_link(int fd) {
    char link[64], target[400] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    OK(readlink(link, target, sizeof target - 1));
    SAY("%s", target);
}

int main(void) {
    char name[260];
    memset(name, 'n', sizeof name);
    name[249] = 0;
    struct stat st;
    struct statfs fs;
    int fd = OK(memfd(name, 0));
    name[249] = 'n';
    name[250] = 0;
    FAILS(EINVAL, memfd(name, 0));
    FAILS(EFAULT, memfd(NULL, 0));
    FAILS(EINVAL, memfd(NULL, 8));
    FAILS(EINVAL, memfd("x", 1u << 26));  // a size of pages without huge pages
    say_link(OK(memfd("", 0)));
    say_link(OK(memfd("with / and \n", 0)));
    OK(fstat(fd, &st));
    SAY("mode %o links %d size %d uid %d", st.st_mode, (int)st.st_nlink, (int)st.st_size, st.st_uid);
    OK(fstatfs(fd, &fs));
    SAY("type %lx", (long)fs.f_type);
    SAY("flags %o", fcntl(fd, F_GETFL));
    // Two of the same name are two files; each can be opened again by its link.
    IS(3, write(fd, "abc", 3));
    char path[64], text[8] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = OK(open(path, O_RDONLY));
    IS(3, read(again, text, 8));
    SAY("%s", text);
    say_link(again);
    // Without MFD_ALLOW_SEALING there is the seal that forbids seals, as on every file of a tmpfs.
    IS(F_SEAL_SEAL, fcntl(fd, F_GET_SEALS));
    FAILS(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    int pipes[2];
    OK(pipe(pipes));
    FAILS(EINVAL, fcntl(pipes[0], F_GET_SEALS));
    FAILS(EINVAL, fcntl(pipes[1], F_ADD_SEALS, 0));
    FAILS(EBADF, fcntl(99, F_GET_SEALS));

    // Growing and shrinking.
    fd = OK(memfd("a", 2));
    IS(0, fcntl(fd, F_GET_SEALS));
    FAILS(EINVAL, fcntl(fd, F_ADD_SEALS, 0x40));
    OK(fcntl(fd, F_ADD_SEALS, 0));
    OK(ftruncate(fd, 5000));
    OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    IS(F_SEAL_GROW, fcntl(fd, F_GET_SEALS));
    FAILS(EPERM, ftruncate(fd, 5001));
    OK(ftruncate(fd, 5000));
    OK(ftruncate(fd, 4500));
    FAILS(EPERM, fallocate(fd, 0, 0, 4501));
    FAILS(EPERM, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 9000));
    OK(fallocate(fd, 0, 0, 4500));
    static char much[3 * PAGE];
    FAILS(EPERM, pwrite(fd, much, 600, 4000 + 400));
    IS(100, pwrite(fd, much, 100, 4400));
    IS(4096, pwrite(fd, much, sizeof much, 0));  // whole pages inside the file
    FAILS(EPERM, pwrite(fd, much, 1, 9000));
    OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    FAILS(EPERM, ftruncate(fd, 4499));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    FAILS(EPERM, open(path, O_RDWR | O_TRUNC));
    int reader = OK(open(path, O_RDONLY));
    FAILS(EPERM, fcntl(reader, F_ADD_SEALS, F_SEAL_WRITE));
    IS(F_SEAL_GROW | F_SEAL_SHRINK, fcntl(reader, F_GET_SEALS));

    // Writing. A shared mapping that can be written keeps the seal off.
    char* shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TRUE(shared != MAP_FAILED);
    FAILS(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    OK(mprotect(shared, PAGE, PROT_READ));  // it could be written again
    FAILS(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    pid_t child = SPAWN(nap_ms(60); _exit(0));
    OK(munmap(shared, PAGE));
    FAILS(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));  // the child has it still
    check_end(child, "exit 0");
    char* private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char* readable = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    TRUE(private != MAP_FAILED && readable != MAP_FAILED);
    OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    FAILS(EPERM, pwrite(fd, "x", 1, 0));
    FAILS(EPERM, write(fd, "x", 1));
    FAILS(EPERM, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
    FAILS(EPERM, (long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    char* sealed = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    TRUE(sealed != MAP_FAILED);
    FAILS(EACCES, mprotect(sealed, PAGE, PROT_READ | PROT_WRITE));
    FAILS(EACCES, mprotect(readable, PAGE, PROT_READ | PROT_WRITE));
    FAILS(EACCES, (long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0));
    private[0] = 'p';
    TRUE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0) != MAP_FAILED);
    OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
    FAILS(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));

    // No new writers: those that are there go on.
    fd = OK(memfd("future", 2));
    OK(ftruncate(fd, PAGE));
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    OK(fcntl(fd, F_ADD_SEALS, 0x10));
    shared[0] = 's';
    FAILS(EPERM, pwrite(fd, "x", 1, 0));
    FAILS(EPERM, (long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    readable = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    TRUE(readable != MAP_FAILED && readable[0] == 's');
    FAILS(EACCES, mprotect(readable, PAGE, PROT_READ | PROT_WRITE));
    TRUE(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED);

    // An ordinary file of a tmpfs, and memory that is shared by name.
    OK(mkdir("shm", 0777));
    OK(mount("none", "shm", "tmpfs", 0, NULL));
    fd = OK(open("shm/file", O_CREAT | O_RDWR, 0600));
    IS(F_SEAL_SEAL, fcntl(fd, F_GET_SEALS));
    FAILS(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    return done();
}

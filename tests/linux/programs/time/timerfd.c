// timerfd: clocks, one-shot and periodic timers, what a read, poll and fdinfo tell, and its errnos.
#include "check.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#define MS 1000000l

static struct itimerspec spec(long value_ms, long interval_ms) {
    return (struct itimerspec){{interval_ms / 1000, interval_ms % 1000 * MS}, {value_ms / 1000, value_ms % 1000 * MS}};
}

static void say_details(int fd) {
    char path[64], text[512], *line;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int info = OK(open(path, O_RDONLY));
    text[OK(read(info, text, sizeof text - 1))] = 0;
    OK(close(info));
    line = strstr(text, "clockid");
    SAY("%s", line ? line : "none");
}

static int is_readable(int fd) {
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

int main(void) {
    uint64_t ticks = 0;
    struct itimerspec now, old, wanted;
    FAILS(EINVAL, timerfd_create(CLOCK_MONOTONIC, 1));
    FAILS(EINVAL, timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    FAILS(EINVAL, timerfd_create(CLOCK_MONOTONIC_RAW, 0));
    FAILS(EINVAL, timerfd_create(12345, 0));
    FAILS(EINVAL, timerfd_create(-6, 0));
    int fd = OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    IS(FD_CLOEXEC, fcntl(fd, F_GETFD));
    IS(O_RDWR | O_NONBLOCK, fcntl(fd, F_GETFL));
    char link[64], target[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    OK(readlink(link, target, sizeof target - 1));
    SAY("%s", target);
    FAILS(EAGAIN, read(fd, &ticks, 8));
    FAILS(EINVAL, read(fd, &ticks, 7));
    FAILS(EINVAL, write(fd, &ticks, 8));
    IS(0, lseek(fd, 3, SEEK_SET));
    OK(timerfd_gettime(fd, &now));
    IS(0, now.it_value.tv_sec + now.it_value.tv_nsec + now.it_interval.tv_sec + now.it_interval.tv_nsec);
    say_details(fd);

    wanted = spec(20, 0);
    FAILS(EINVAL, timerfd_settime(fd, 4, &wanted, NULL));
    FAILS(EFAULT, timerfd_settime(-1, 99, unmapped(), NULL));
    FAILS(EINVAL, timerfd_settime(-1, 99, &wanted, NULL));
    FAILS(EBADF, timerfd_settime(-1, 0, &wanted, NULL));
    FAILS(EINVAL, timerfd_settime(0, 0, &wanted, NULL));
    wanted.it_value.tv_nsec = 1000 * MS;
    FAILS(EINVAL, timerfd_settime(fd, 0, &wanted, NULL));
    wanted.it_value = (struct timespec){-1, 0};
    FAILS(EINVAL, timerfd_settime(fd, 0, &wanted, NULL));
    FAILS(EBADF, timerfd_gettime(-1, &now));
    FAILS(EINVAL, timerfd_gettime(0, &now));
    FAILS(EFAULT, timerfd_gettime(fd, unmapped()));

    // Once.
    wanted = spec(20, 0);
    OK(timerfd_settime(fd, 0, &wanted, &old));
    IS(0, old.it_value.tv_nsec);
    IS(0, is_readable(fd));
    OK(timerfd_gettime(fd, &now));
    TRUE(now.it_value.tv_sec == 0 && now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 20 * MS);
    nap_ms(40);
    IS(POLLIN, is_readable(fd));
    OK(timerfd_gettime(fd, &now));
    IS(0, now.it_value.tv_nsec);
    FAILS(EFAULT, read(fd, unmapped(), 8));
    FAILS(EAGAIN, read(fd, &ticks, 8));  // what could not be written down is gone
    IS(0, is_readable(fd));

    // Again and again: a read tells how often.
    wanted = spec(10, 10);
    OK(timerfd_settime(fd, 0, &wanted, NULL));
    nap_ms(105);
    IS(8, read(fd, &ticks, 100));
    TRUE(ticks >= 10 && ticks < 60);
    OK(timerfd_gettime(fd, &now));
    IS(10 * MS, now.it_interval.tv_nsec);
    TRUE(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 10 * MS);
    nap_ms(30);
    OK(timerfd_gettime(fd, &now));  // the ticks that it has counted stay
    IS(POLLIN, is_readable(fd));
    wanted = spec(0, 0);
    OK(timerfd_settime(fd, 0, &wanted, &old));
    IS(10 * MS, old.it_interval.tv_nsec);
    FAILS(EAGAIN, read(fd, &ticks, 8));
    OK(timerfd_gettime(fd, &now));
    IS(0, now.it_interval.tv_nsec);

    // A point of the clock's time, passed or to come.
    struct timespec present;
    wanted = (struct itimerspec){{0, 0}, {0, 1}};
    OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &wanted, NULL));
    nap_ms(5);
    IS(8, read(fd, &ticks, 8));
    IS(1, ticks);
    OK(clock_gettime(CLOCK_MONOTONIC, &present));
    wanted = (struct itimerspec){{0, 0}, {present.tv_sec + 100, present.tv_nsec}};
    OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &wanted, NULL));
    OK(timerfd_gettime(fd, &now));
    TRUE(now.it_value.tv_sec == 99 || (now.it_value.tv_sec == 100 && now.it_value.tv_nsec == 0));
    wanted = spec(0, 0);
    OK(timerfd_settime(fd, 0, &wanted, NULL));
    say_details(fd);

    // Blocking, by another process's timer, by epoll's edges.
    int blocking = OK(timerfd_create(CLOCK_BOOTTIME, 0));
    wanted = spec(30, 0);
    long start = now_ms();
    OK(timerfd_settime(blocking, 0, &wanted, NULL));
    IS(8, read(blocking, &ticks, 8));
    IS(1, ticks);
    TRUE(now_ms() - start >= 29);
    pid_t child = SPAWN(nap_ms(20); wanted = spec(1, 0); _exit(timerfd_settime(blocking, 0, &wanted, NULL) ? 1 : 0));
    IS(8, read(blocking, &ticks, 8));
    check_end(child, "exit 0");
    int ep = OK(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = 9}, out[2];
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, blocking, &event));
    wanted = spec(20, 20);
    OK(timerfd_settime(blocking, 0, &wanted, NULL));
    IS(1, epoll_wait(ep, out, 2, -1));
    IS(EPOLLIN, out[0].events);
    IS(0, epoll_wait(ep, out, 2, 60));  // nobody has read it, so it does not go on
    IS(8, read(blocking, &ticks, 8));
    TRUE(ticks >= 3);
    IS(1, epoll_wait(ep, out, 2, -1));

    // Real time, and what setting the clock does.
    int real = OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK)), far = OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    OK(clock_gettime(CLOCK_REALTIME, &present));
    wanted = (struct itimerspec){{0, 0}, {present.tv_sec + 1000, 0}};
    OK(timerfd_settime(real, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &wanted, NULL));
    OK(timerfd_settime(far, TFD_TIMER_ABSTIME, &wanted, NULL));
    IS(0, is_readable(real));
    struct timespec later = {present.tv_sec + 2000, 0};
    OK(clock_settime(CLOCK_REALTIME, &later));
    nap_ms(5);
    IS(POLLIN, is_readable(real));
    FAILS(ECANCELED, read(real, &ticks, 8));
    FAILS(EAGAIN, read(real, &ticks, 8));
    IS(8, read(far, &ticks, 8));
    IS(1, ticks);
    wanted.it_value.tv_sec = present.tv_sec + 9000;
    OK(timerfd_settime(real, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &wanted, NULL));
    OK(clock_settime(CLOCK_REALTIME, &present));
    FAILS(ECANCELED, timerfd_settime(real, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &wanted, NULL));
    FAILS(EAGAIN, read(real, &ticks, 8));

    // Alarms need CAP_WAKE_ALARM.
    int alarm_fd = OK(timerfd_create(CLOCK_BOOTTIME_ALARM, 0));
    OK(timerfd_create(CLOCK_REALTIME_ALARM, 0));
    wanted = spec(5, 0);
    OK(timerfd_settime(alarm_fd, 0, &wanted, NULL));
    IS(8, read(alarm_fd, &ticks, 8));
    CHILD("exit 0", OK(setuid(1000)); FAILS(EPERM, timerfd_create(CLOCK_BOOTTIME_ALARM, 0));
          FAILS(EPERM, timerfd_settime(alarm_fd, 0, &wanted, NULL)); OK(timerfd_create(CLOCK_REALTIME, 0)); _exit(0));
    return done();
}

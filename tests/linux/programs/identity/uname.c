// uname(): fields by shape, names that can be set, and the errnos.
#include "check.h"

int main(void) {
    struct utsname u;
    OK(uname(&u));
    SAY("%s %s", u.sysname, u.machine);
    int major = 0, minor = 0;
    sscanf(u.release, "%d.%d", &major, &minor);
    SAY("release %d.%d", major, minor);
    TRUE(u.version[0] == '#');
    OK(sethostname("a-host", 6));
    OK(setdomainname("a.domain", 8));
    uname(&u);
    SAY("%s %s", u.nodename, u.domainname);
    OK(sethostname("xyz!", 3));
    uname(&u);
    SAY("%s", u.nodename);
    char name[80];
    memset(name, 'n', sizeof name);
    OK(sethostname(name, 64));
    FAILS(EINVAL, sethostname(name, 65));
    FAILS(EINVAL, syscall(SYS_sethostname, name, -1l));
    FAILS(EFAULT, sethostname(unmapped(), 5));
    FAILS(EFAULT, syscall(SYS_uname, unmapped()));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, sethostname("x", 1));
          FAILS(EPERM, setdomainname("x", 1)));
    OK(sethostname("(none)", 6));
    OK(setdomainname(unmapped(), 0));
    uname(&u);
    SAY("'%s'", u.domainname);
    OK(setdomainname("(none)", 6));
    return done();
}

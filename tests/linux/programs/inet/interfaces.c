// ioctls about interfaces (netdevice(7)).
#include "check.h"
#include "inet.h"

static void ask(int s, int request, const char* name, const char* what) {
    struct ifreq r;
    memset(&r, 0, sizeof r);
    strncpy(r.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(s, request, &r) < 0) {
        SAY("%s of %s: %s", what, name, error_name(errno));
        return;
    }
    char text[100] = "";
    for (int i = 0; i < 16; i++) sprintf(text + strlen(text), " %02x", ((unsigned char*)&r.ifr_addr)[i]);
    SAY("%s of %s: %s%s", what, name, r.ifr_name, text);
}

int main(void) {
    loopback_up();
    const int s = OK(socket(AF_INET, SOCK_DGRAM, 0));
    static const struct {
        int request;
        const char* what;
    } all[] = {{SIOCGIFFLAGS, "flags"},       {SIOCGIFADDR, "address"},        {SIOCGIFNETMASK, "mask"},
               {SIOCGIFBRDADDR, "broadcast"}, {SIOCGIFDSTADDR, "destination"}, {SIOCGIFMTU, "mtu"},
               {SIOCGIFHWADDR, "hardware"},   {SIOCGIFINDEX, "index"},         {SIOCGIFMETRIC, "metric"},
               {SIOCGIFMAP, "map"},           {SIOCGIFTXQLEN, "queue"}};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        ask(s, all[i].request, "lo", all[i].what);
        ask(s, all[i].request, "none0", all[i].what);
    }
    struct ifreq r = {.ifr_ifindex = 1};
    OK(ioctl(s, SIOCGIFNAME, &r));
    SAY("the first is %s", r.ifr_name);
    r.ifr_ifindex = 99;
    FAILS(ENODEV, ioctl(s, SIOCGIFNAME, &r));
    FAILS(EFAULT, ioctl(s, SIOCGIFFLAGS, (void*)8));
    FAILS(ENOTTY, ioctl(s, 0x8999, &r));
    struct ifreq list[4];
    struct ifconf all_of = {.ifc_len = sizeof list, .ifc_req = list};
    OK(ioctl(s, SIOCGIFCONF, &all_of));
    for (int i = 0; i * (int)sizeof *list < all_of.ifc_len; i++) SAY("there is %s", list[i].ifr_name);
    all_of.ifc_len = 20;
    OK(ioctl(s, SIOCGIFCONF, &all_of));
    SAY("without room %d bytes", all_of.ifc_len);
    // Another address, and back.
    strcpy(r.ifr_name, "lo");
    struct sockaddr_in address = at("10.9.8.7", 0);
    memcpy(&r.ifr_addr, &address, sizeof address);
    OK(ioctl(s, SIOCSIFADDR, &r));
    ask(s, SIOCGIFADDR, "lo", "new address");
    ask(s, SIOCGIFNETMASK, "lo", "its mask");
    address = at("255.255.255.0", 0);
    memcpy(&r.ifr_netmask, &address, sizeof address);
    OK(ioctl(s, SIOCSIFNETMASK, &r));
    ask(s, SIOCGIFNETMASK, "lo", "new mask");
    int t = OK(socket(AF_INET, SOCK_DGRAM, 0));
    OK(bind_at(t, "10.9.8.7", 5000));
    IS(2, send_at(s, "hi", 2, "10.9.8.7", 5000));
    char text[8];
    IS(2, recv(t, text, 8, MSG_DONTWAIT));
    address = at("127.0.0.1", 0);
    memcpy(&r.ifr_addr, &address, sizeof address);
    OK(ioctl(s, SIOCSIFADDR, &r));
    ask(s, SIOCGIFADDR, "lo", "old address");
    // Down, and up.
    r.ifr_flags = 0;
    OK(ioctl(s, SIOCSIFFLAGS, &r));
    ask(s, SIOCGIFFLAGS, "lo", "flags when down");
    SAY("sending when it is down: %s", result_of(send_at(s, "hi", 2, "127.0.0.1", 5000)));
    r.ifr_flags = IFF_UP;
    OK(ioctl(s, SIOCSIFFLAGS, &r));
    ask(s, SIOCGIFFLAGS, "lo", "flags when up");
    CHILD("exit 0", {
        OK(setuid(1000));
        FAILS(EPERM, ioctl(s, SIOCSIFFLAGS, &r));
        exit(0);
    });
    return done();
}

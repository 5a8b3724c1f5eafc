// Raw sockets: echo over ICMP, own headers, filters, protocols that nobody serves (raw(7), icmp(7)).
#include "check.h"
#include "inet.h"

static unsigned short sum_of(const void* bytes, size_t size) {
    const unsigned char* p = bytes;
    unsigned sum = 0;
    for (size_t i = 0; i + 1 < size; i += 2) sum += p[i] << 8 | p[i + 1];
    if (size & 1) sum += p[size - 1] << 8;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return htons(~sum & 0xffff);
}

static void show_packet(const char* what, const unsigned char* packet, long size) {
    if (size < 0) {
        SAY("%s: %s", what, error_name(errno));
        return;
    }
    const struct iphdr* ip = (const void*)packet;
    const int header = ip->ihl * 4;
    SAY("%s: %ld bytes, header %d, protocol %d, ttl %d, tos %d, fragment %#x, sum %s", what, size, header,
        ip->protocol, ip->ttl, ip->tos, ntohs(ip->frag_off), sum_of(packet, header) == 0 ? "right" : "wrong");
    if (ip->protocol == 1)
        SAY("  type %d code %d, sum %s", packet[header], packet[header + 1],
            sum_of(packet + header, size - header) == 0 ? "right" : "wrong");
}

/// What an ICMP error quotes.
static void show_quoted(const unsigned char* packet, long size) {
    if (size < 56) return;
    const struct iphdr* ip = (const void*)(packet + 28);
    const unsigned char* ports = packet + 28 + ip->ihl * 4;
    SAY("  quotes version %d header %d, %d bytes of protocol %d, fragment %#x, to port %d", ip->version,
        ip->ihl * 4, ntohs(ip->tot_len), ip->protocol, ntohs(ip->frag_off), ports[2] << 8 | ports[3]);
}

static long echo(int s, const char* to, size_t size) {
    unsigned char packet[2000] = {8, 0};
    packet[5] = 77, packet[7] = 1;
    for (size_t i = 8; i < size; i++) packet[i] = i;
    const unsigned short sum = sum_of(packet, size);
    memcpy(packet + 2, &sum, 2);
    const struct sockaddr_in name = at(to, 0);
    return sendto(s, packet, size, 0, (void*)&name, sizeof name);
}

int main(void) {
    loopback_up();
    unsigned char packet[4000];
    int s = OK(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP));
    IS(64, echo(s, "127.0.0.1", 64));
    for (int i = 0; i < 3; i++) show_packet("icmp", packet, recv(s, packet, sizeof packet, 0));
    // Replies only.
    unsigned filter = ~1u;
    OK(setsockopt(s, 255, 1, &filter, sizeof filter));
    IS(1000, echo(s, "127.0.0.1", 1000));
    for (int i = 0; i < 2; i++) show_packet("filtered", packet, recv(s, packet, sizeof packet, 0));
    FAILS(EDESTADDRREQ, send(s, packet, 10, 0));
    OK(connect_at(s, "127.0.0.1", 0));
    show_own("connected", s);
    show_other("connected", s);
    OK(set_number(s, IPPROTO_IP, IP_TTL, 9));
    IS(8, send(s, "\10\0\xf7\xfc\0\1\0\2", 8, 0));
    show_packet("short", packet, recv(s, packet, sizeof packet, 0));
    close(s);

    // A port where nobody is.
    s = OK(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP));
    const int u = OK(socket(AF_INET, SOCK_DGRAM, 0));
    IS(700, send_at(u, (char*)packet, 700, "127.0.0.1", 4999));
    long size = recv(s, packet, sizeof packet, 0);
    show_packet("unreachable", packet, size);
    show_quoted(packet, size);
    // In fragments.
    struct ifreq request = {.ifr_name = "lo", .ifr_mtu = 1500};
    OK(ioctl(u, SIOCSIFMTU, &request));
    static char fragmented[5000];
    OK(set_number(u, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT));
    IS(5000, send_at(u, fragmented, sizeof fragmented, "127.0.0.1", 4999));
    size = recv(s, packet, sizeof packet, 0);
    show_packet("unreachable by fragments", packet, size);
    show_quoted(packet, size);
    request.ifr_mtu = 65536;
    OK(ioctl(u, SIOCSIFMTU, &request));
    // A protocol that nobody serves.
    const int p = OK(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, 200));
    const int q = OK(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_RAW));
    IS(4, send_at(p, "test", 4, "127.0.0.1", 0));
    show_packet("protocol 200", packet, recv(p, packet, sizeof packet, 0));
    show_packet("no error", packet, recv(s, packet, sizeof packet, 0));
    FAILS(EAGAIN, recv(q, packet, sizeof packet, 0));
    // Its own header.
    struct iphdr ip = {
        .version = 4, .ihl = 5, .ttl = 5, .protocol = 201, .daddr = at("127.0.0.1", 0).sin_addr.s_addr};
    memcpy(packet, &ip, sizeof ip);
    memcpy(packet + 20, "body", 4);
    IS(24, send_at(q, (char*)packet, 24, "127.0.0.1", 0));
    show_packet("protocol 201", packet, recv(s, packet, sizeof packet, 0));
    ip.protocol = 200;
    memcpy(packet, &ip, sizeof ip);
    IS(24, send_at(q, (char*)packet, 24, "127.0.0.1", 0));
    show_packet("own header", packet, recv(p, packet, sizeof packet, 0));
    FAILS(EINVAL, send_at(q, (char*)packet, 10, "127.0.0.1", 0));
    FAILS(EMSGSIZE, send_at(p, (char*)packet, 65536, "127.0.0.1", 0));
    FAILS(EOPNOTSUPP, sendto(p, "x", 1, MSG_OOB, NULL, 0));
    FAILS(EINVAL, bind(p, (void*)packet, 4));
    FAILS(EADDRNOTAVAIL, bind_at(p, "10.0.0.1", 0));
    OK(bind_at(p, "127.0.0.2", 0));
    show_own("bound", p);
    IS(3, send_at(p, "abc", 3, "127.0.0.1", 0));
    FAILS(EAGAIN, recv(p, packet, sizeof packet, 0));
    IS(3, send_at(p, "abc", 3, "127.0.0.2", 0));
    show_packet("to it", packet, recv(p, packet, sizeof packet, 0));
    // Fragments.
    static char large[65000];
    OK(bind_at(p, "0.0.0.0", 0));
    IS(65000, send_at(p, large, sizeof large, "127.0.0.1", 0));
    static unsigned char got[70000];
    show_packet("large", got, recv(p, got, sizeof got, 0));
    return done();
}

// DHCP: the input is what a server answers, in each state of the client that waits for an answer.
#include "net/dhcp/lease.cpp"
#include "net/dhcp/message.cpp"

#include "fuzz.hpp"
#include "net/dhcp/dhcp_reply.hpp"

using namespace exo;
using net::dhcp::Client;

namespace {

constexpr std::array<u8, 6> OURS = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
constexpr u32 TRANSACTION = 0x01020304;

u64 same_number() { return u64{TRANSACTION} << 32; }

std::vector<u8> answer(u8 type) {
    test::DhcpReply reply;
    reply.type = type;
    reply.transaction = TRANSACTION;
    reply.options.emplace_back(15, std::vector<u8>{'a', '.', 'b'});
    reply.options.emplace_back(26, test::number(1500, 2));
    reply.options.emplace_back(52, std::vector<u8>{3});
    return reply.bytes();
}

void check(Client& client, time::Nanoseconds now) {
    const net::dhcp::Lease* lease = client.lease();
    FUZZ_CHECK((lease != nullptr) == (client.state() >= net::dhcp::State::Bound));
    if (lease == nullptr) return;
    FUZZ_CHECK(net::dhcp::is_host_address(lease->address) && lease->mask != 0);
    FUZZ_CHECK(lease->router == 0 || net::dhcp::is_host_address(lease->router));
    FUZZ_CHECK(lease->renewal <= lease->rebinding && lease->rebinding <= lease->end && now < lease->end);
    FUZZ_CHECK(lease->mtu == 0 || lease->mtu >= 68);
    for (const char c : lease->domain) FUZZ_CHECK(c > ' ' && c < 127 && c != '/');
}

}  // namespace

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    static const std::vector<std::vector<u8>> SEEDS = {answer(2), answer(5), answer(6)};
    return fuzz::mutate(SEEDS, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    static const std::vector<u8> OFFER = answer(2);
    static const std::vector<u8> ACK = answer(5);
    const std::span<const u8> input(data, size);
    time::Nanoseconds now = time::SECOND;
    Client client(OURS, same_number, "exo");
    (void)client.next(now);
    client.received(input, now);
    check(client, now);
    client.restart(now);
    (void)client.next(now);
    client.received(OFFER, now);
    (void)client.next(now);
    client.received(input, now);
    check(client, now);
    client.received(ACK, now);
    for (int i = 0; i < 8 && client.due() != ~0ULL; ++i) {
        now = std::max(now, client.due());
        const auto message = client.next(now);
        FUZZ_CHECK(!message || message->payload.size() >= 300);
        client.received(input, now);
        check(client, now);
    }
    return 0;
}

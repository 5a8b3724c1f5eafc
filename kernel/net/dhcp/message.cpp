#include "net/dhcp/message.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "utils/bytes.hpp"

namespace exo::net::dhcp {

namespace {

// RFC 2131, figure 1.
constexpr usize OPERATION = 0;
constexpr usize HARDWARE_TYPE = 1;
constexpr usize HARDWARE_SIZE = 2;
constexpr usize TRANSACTION = 4;
constexpr usize SECONDS = 8;
constexpr usize FLAGS = 10;
constexpr usize CLIENT_ADDRESS = 12;
constexpr usize YOUR_ADDRESS = 16;
constexpr usize HARDWARE_ADDRESS = 28;
constexpr usize SERVER_NAME = 44;
constexpr usize SERVER_NAME_SIZE = 64;
constexpr usize FILE_NAME = 108;
constexpr usize FILE_NAME_SIZE = 128;
constexpr usize COOKIE = 236;
constexpr usize OPTIONS = 240;
constexpr usize SMALLEST_SIZE = 300;

constexpr u8 OPERATION_REQUEST = 1;
constexpr u8 OPERATION_REPLY = 2;
constexpr u8 ETHERNET = 1;
constexpr u8 ETHERNET_SIZE = 6;
constexpr u16 FLAG_BROADCAST = 0x8000;
constexpr u32 MAGIC_COOKIE = 0x6382'5363;

/// RFC 2132.
enum class Option : u8 {
    Pad = 0,
    Mask = 1,
    Router = 3,
    NameServers = 6,
    HostName = 12,
    Domain = 15,
    Mtu = 26,
    RequestedAddress = 50,
    LeaseSeconds = 51,
    Overload = 52,
    Type = 53,
    Server = 54,
    WantedOptions = 55,
    LargestMessage = 57,
    RenewalSeconds = 58,
    RebindingSeconds = 59,
    ClientIdentifier = 61,
    End = 255,
};

constexpr u16 SMALLEST_MTU = 68;
/// The largest payload that the usual MTU carries.
constexpr u16 LARGEST_MESSAGE = 1472;

u32 read_be(std::span<const u8> bytes) {
    u32 value = 0;
    for (const u8 byte : bytes) value = value << 8 | byte;
    return value;
}

void write_be(std::span<u8> bytes, u32 value) {
    for (usize i = bytes.size(); i > 0; --i, value >>= 8) bytes[i - 1] = static_cast<u8>(value & 0xff);
}

// ---- Reading

/// Collects the values of one option: a long value may come in several pieces (RFC 3396). What does not fit is cut.
class Value {
  public:
    explicit Value(Option option) : option_(option) {}
    Option option() const { return option_; }
    std::span<const u8> bytes() const { return bytes_.span(); }
    void append(std::span<const u8> piece) {
        for (const u8 byte : piece) {
            if (!bytes_.push(byte)) return;
        }
    }
    /// A number of `size` bytes; 0 if the option has another size, or is not there.
    u32 number(usize size) const { return bytes().size() == size ? read_be(bytes()) : 0; }

  private:
    Option option_;
    FixedVector<u8, 255> bytes_;
};

struct Values {
    Value type{Option::Type};
    Value overload{Option::Overload};
    Value server{Option::Server};
    Value mask{Option::Mask};
    Value router{Option::Router};
    Value name_servers{Option::NameServers};
    Value domain{Option::Domain};
    Value mtu{Option::Mtu};
    Value lease{Option::LeaseSeconds};
    Value renewal{Option::RenewalSeconds};
    Value rebinding{Option::RebindingSeconds};

    Value* find(u8 code) {
        for (Value* value : {&type, &overload, &server, &mask, &router, &name_servers, &domain, &mtu, &lease,
                             &renewal, &rebinding}) {
            if (static_cast<u8>(value->option()) == code) return value;
        }
        return nullptr;
    }
};

/// False if an option reaches beyond the end.
bool collect(std::span<const u8> bytes, Values& values) {
    for (usize at = 0; at < bytes.size();) {
        const u8 code = bytes[at++];
        if (code == static_cast<u8>(Option::Pad)) continue;
        if (code == static_cast<u8>(Option::End)) return true;
        if (at == bytes.size()) return false;
        const auto piece = slice(bytes, at + 1, bytes[at]);
        if (!piece) return false;
        if (Value* value = values.find(code)) value->append(*piece);
        at += 1 + piece->size();
    }
    return true;
}

bool is_mask(Address mask) { return std::countl_one(mask) + std::countr_zero(mask) >= 32 && mask != 0; }

/// The mask of the class of an address, for servers that name none.
Address mask_of_class(Address address) {
    if (address >> 31 == 0) return 0xff00'0000;
    return address >> 30 == 2 ? 0xffff'0000 : 0xffff'ff00;
}

bool is_in_domain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/// The name goes into a file that programs parse, so it is taken only if all of it is a name.
void read_domain(std::span<const u8> bytes, ServerMessage& message) {
    std::string_view text = as_text(bytes);
    text = text.substr(0, text.find_last_not_of('\0') + 1);
    if (!std::ranges::all_of(text, is_in_domain)) return;
    for (const char c : text) (void)message.domain.push(c);  // as many as an option has
}

void read_values(const Values& values, ServerMessage& message) {
    if (const Address server = values.server.number(4); is_host_address(server)) message.server = server;
    const Address mask = values.mask.number(4);
    message.mask = is_mask(mask) ? mask : mask_of_class(message.address);
    // The first of several routers is the preferred one.
    if (values.router.bytes().size() >= 4) {
        const Address router = read_be(values.router.bytes().first(4));
        if (is_host_address(router)) message.router = router;
    }
    for (std::span<const u8> rest = values.name_servers.bytes(); rest.size() >= 4; rest = rest.subspan(4)) {
        const Address server = read_be(rest.first(4));
        if (is_host_address(server)) (void)message.name_servers.push(server);  // the first ones count
    }
    read_domain(values.domain.bytes(), message);
    if (const u32 mtu = values.mtu.number(2); mtu >= SMALLEST_MTU) message.mtu = static_cast<u16>(mtu);
    message.lease_seconds = values.lease.number(4);
    message.renewal_seconds = values.renewal.number(4);
    message.rebinding_seconds = values.rebinding.number(4);
}

// ---- Writing

class Writer {
  public:
    explicit Writer(std::span<u8> buffer) : buffer_(buffer) {}
    void put(Option option, std::span<const u8> value) {
        buffer_[at_] = static_cast<u8>(option);
        buffer_[at_ + 1] = static_cast<u8>(value.size());
        std::ranges::copy(value, buffer_.begin() + static_cast<isize>(at_ + 2));
        at_ += 2 + value.size();
    }
    void put_number(Option option, u32 value, usize size) {
        std::array<u8, 4> bytes;
        write_be(std::span(bytes).first(size), value);
        put(option, std::span(bytes).first(size));
    }
    usize end() {
        buffer_[at_++] = static_cast<u8>(Option::End);
        return at_;
    }

  private:
    std::span<u8> buffer_;
    usize at_ = OPTIONS;
};

}  // namespace

bool is_host_address(Address address) {
    const u32 first = address >> 24;
    constexpr u32 LOOPBACK = 127;
    constexpr u32 FIRST_MULTICAST = 224;
    return first != 0 && first != LOOPBACK && first < FIRST_MULTICAST;
}

std::optional<ServerMessage> read_server_message(std::span<const u8> payload) {
    if (payload.size() < OPTIONS || payload[OPERATION] != OPERATION_REPLY) return std::nullopt;
    if (payload[HARDWARE_TYPE] != ETHERNET || payload[HARDWARE_SIZE] != ETHERNET_SIZE) return std::nullopt;
    if (read_be(payload.subspan(COOKIE, 4)) != MAGIC_COOKIE) return std::nullopt;
    Values values;
    if (!collect(payload.subspan(OPTIONS), values)) return std::nullopt;
    // Further options may stand in the fields of two names (RFC 2131, section 4.1).
    const u32 overload = values.overload.number(1);
    if ((overload & 1) != 0 && !collect(payload.subspan(FILE_NAME, FILE_NAME_SIZE), values))
        return std::nullopt;
    if ((overload & 2) != 0 && !collect(payload.subspan(SERVER_NAME, SERVER_NAME_SIZE), values))
        return std::nullopt;
    const auto type = static_cast<MessageType>(values.type.number(1));
    if (type != MessageType::Offer && type != MessageType::Ack && type != MessageType::Nak)
        return std::nullopt;
    ServerMessage message;
    message.type = type;
    message.transaction = read_be(payload.subspan(TRANSACTION, 4));
    std::ranges::copy(payload.subspan(HARDWARE_ADDRESS, ETHERNET_SIZE), message.hardware_address.begin());
    message.address = read_be(payload.subspan(YOUR_ADDRESS, 4));
    read_values(values, message);
    return message;
}

std::span<const u8> write_client_message(const ClientMessage& message, ClientBuffer& buffer) {
    buffer = {};
    const std::span<u8> bytes(buffer);
    buffer[OPERATION] = OPERATION_REQUEST;
    buffer[HARDWARE_TYPE] = ETHERNET;
    buffer[HARDWARE_SIZE] = ETHERNET_SIZE;
    write_be(bytes.subspan(TRANSACTION, 4), message.transaction);
    write_be(bytes.subspan(SECONDS, 2), message.seconds);
    // A client without an address asks for answers by broadcast: it may not receive packets for one host yet.
    if (message.own_address == NO_ADDRESS) write_be(bytes.subspan(FLAGS, 2), FLAG_BROADCAST);
    write_be(bytes.subspan(CLIENT_ADDRESS, 4), message.own_address);
    std::ranges::copy(message.hardware_address, buffer.begin() + HARDWARE_ADDRESS);
    write_be(bytes.subspan(COOKIE, 4), MAGIC_COOKIE);

    Writer writer(buffer);
    writer.put_number(Option::Type, static_cast<u32>(message.type), 1);
    std::array<u8, 1 + ETHERNET_SIZE> identifier{ETHERNET};
    std::ranges::copy(message.hardware_address, identifier.begin() + 1);
    writer.put(Option::ClientIdentifier, identifier);
    if (message.requested_address != NO_ADDRESS)
        writer.put_number(Option::RequestedAddress, message.requested_address, 4);
    if (message.server != NO_ADDRESS) writer.put_number(Option::Server, message.server, 4);
    if (message.type != MessageType::Decline) {
        constexpr usize MOST_NAME = 64;
        if (!message.host_name.empty())
            writer.put(Option::HostName, as_bytes(message.host_name.substr(0, MOST_NAME)));
        writer.put_number(Option::LargestMessage, LARGEST_MESSAGE, 2);
        constexpr std::array WANTED{static_cast<u8>(Option::Mask),
                                    static_cast<u8>(Option::Router),
                                    static_cast<u8>(Option::NameServers),
                                    static_cast<u8>(Option::Domain),
                                    static_cast<u8>(Option::Mtu),
                                    static_cast<u8>(Option::LeaseSeconds),
                                    static_cast<u8>(Option::Server),
                                    static_cast<u8>(Option::RenewalSeconds),
                                    static_cast<u8>(Option::RebindingSeconds)};
        writer.put(Option::WantedOptions, WANTED);
    }
    return bytes.first(std::max(writer.end(), SMALLEST_SIZE));
}

}  // namespace exo::net::dhcp

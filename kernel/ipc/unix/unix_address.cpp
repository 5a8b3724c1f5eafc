#include "ipc/unix/unix_address.hpp"

#include <algorithm>

#include "ipc/unix/unix_end.hpp"

namespace exo::ipc {

namespace {

constinit sync::SpinLocked<UnixAddress::Names, sync::LockRank::SpinLeaf> abstract_names;

}  // namespace

bool UnixAddress::Key::operator<(const Key& other) const {
    if (type != other.type) return type < other.type;
    return std::ranges::lexicographical_compare(name, other.name);
}

Result<Ref<UnixAddress>> UnixAddress::create(abi::SocketType type, std::span<const u8> name) {
    auto* raw = new (std::nothrow) UnixAddress(type);
    if (raw == nullptr) return Error::Enomem;
    auto address = Ref<UnixAddress>::adopt(raw);
    address->name_ = TRY(Vector<u8>::copy_of(name));
    return address;
}

UnixAddress::~UnixAddress() { withdraw(); }

void UnixAddress::copy_to(Address& out) const {
    const auto family = static_cast<u16>(abi::AddressFamily::Unix);
    out = {};
    std::memcpy(out.bytes.data(), &family, sizeof(family));
    std::ranges::copy(name_.span(), out.bytes.begin() + sizeof(family));
    // LINUX: the length of a path counts its NUL.
    out.size = static_cast<u32>(sizeof(family) + name_.size() + (is_abstract() ? 0 : 1));
}

Result<> UnixAddress::publish(UnixEnd& end) {
    auto names = abstract_names.lock();
    if (names->find(Key{type_, name_.span()}) != nullptr) return Error::Eaddrinuse;
    end_ = &end;
    names->insert(*this);
    return {};
}

void UnixAddress::withdraw() {
    auto names = abstract_names.lock();
    if (!link_.is_linked()) return;
    names->remove(*this);
    end_ = nullptr;
}

Ref<UnixEnd> UnixAddress::find(abi::SocketType type, std::span<const u8> name) {
    auto names = abstract_names.lock();
    const UnixAddress* address = names->find(Key{type, name});
    // The end withdraws its name before its last reference goes.
    return address != nullptr ? Ref<UnixEnd>(address->end_) : Ref<UnixEnd>();
}

// LINUX: unix_validate_addr and unix_mkname_bsd.
Result<std::span<const u8>> unix_name(const Address& address) {
    constexpr usize MOST = abi::ADDRESS_FAMILY_SIZE + abi::UNIX_PATH_SIZE;
    if (address.size <= abi::ADDRESS_FAMILY_SIZE || address.size > MOST) return Error::Einval;
    if (address.family() != abi::AddressFamily::Unix) return Error::Einval;
    const std::span<const u8> name =
        std::span(address.bytes).subspan(abi::ADDRESS_FAMILY_SIZE, address.size - abi::ADDRESS_FAMILY_SIZE);
    if (name.front() == 0) return name;
    return name.first(static_cast<usize>(std::ranges::find(name, u8{0}) - name.begin()));
}

}  // namespace exo::ipc

// UnixAddress: the name to which a Unix socket is bound (unix(7)): a path, or an abstract name, which begins
// with a NUL.
//
// Locking: a name is immutable. A spin lock guards the table of abstract names.
#pragma once

#include "ipc/socket/socket.hpp"
#include "utils/tree.hpp"

namespace exo::ipc {

class UnixEnd;

class UnixAddress final : public Object {
  public:
    /// `name` is the part of an address behind the family. Errors: Enomem.
    static Result<Ref<UnixAddress>> create(abi::SocketType type, std::span<const u8> name);
    ~UnixAddress() override;

    bool is_abstract() const { return !name_.is_empty() && name_[0] == 0; }
    std::span<const u8> name() const { return name_.span(); }
    /// Copies the address in the format of programs.
    void copy_to(Address& out) const;

    /// Makes `end` findable by this abstract name until the address is destroyed. Errors: Eaddrinuse.
    Result<> publish(UnixEnd& end);
    /// Makes the end no longer findable.
    void withdraw();
    /// Finds the end of this type with this abstract name; null: none. LINUX: each type has its own names.
    static Ref<UnixEnd> find(abi::SocketType type, std::span<const u8> name);

  private:
    explicit UnixAddress(abi::SocketType type) : type_(type) {}
    struct Key {
        abi::SocketType type;
        std::span<const u8> name;
        bool operator<(const Key& other) const;
    };
    struct KeyOf {
        static Key key(const UnixAddress& address) { return {address.type_, address.name_.span()}; }
    };

    abi::SocketType type_;
    Vector<u8> name_;
    TreeNode link_;
    UnixEnd* end_ = nullptr;  ///< Not counted. Set while the address is in the table.

  public:
    using Names = Tree<UnixAddress, &UnixAddress::link_, KeyOf>;
};

/// The part of an address behind the family, without the NULs at the end of a path. Errors: Einval (another
/// family, too long, or empty).
Result<std::span<const u8>> unix_name(const Address& address);

}  // namespace exo::ipc

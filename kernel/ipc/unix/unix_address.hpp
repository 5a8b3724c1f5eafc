// UnixAddress: the name that a Unix socket is bound to (unix(7)): a path, or an abstract name, which starts with a NUL.
//
// Locking: a name never changes. The table of abstract names has a spin lock.
#pragma once

#include "ipc/socket/socket.hpp"
#include "utils/tree.hpp"

namespace exo::ipc {

class UnixEnd;

class UnixAddress final : public Object {
  public:
    /// `name` is what stands behind the family. Errors: Enomem.
    static Result<Ref<UnixAddress>> create(abi::SocketType type, std::span<const u8> name);
    ~UnixAddress() override;

    bool is_abstract() const { return !name_.is_empty() && name_[0] == 0; }
    std::span<const u8> name() const { return name_.span(); }
    /// As a program sees it.
    void copy_to(Address& out) const;

    /// Others find `end` by this abstract name from now on, until the address is destroyed. Errors: Eaddrinuse.
    Result<> publish(UnixEnd& end);
    /// Nobody finds the end any more.
    void withdraw();
    /// The end of this type with this abstract name; null: none. LINUX: each type has its own names.
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
    UnixEnd* end_ = nullptr;  ///< Not counted; while the address is in the table.

  public:
    using Names = Tree<UnixAddress, &UnixAddress::link_, KeyOf>;
};

/// What stands behind the family of an address, without the NULs that end a path. Errors: Einval (another family, too long, or nothing).
Result<std::span<const u8>> unix_name(const Address& address);

}  // namespace exo::ipc

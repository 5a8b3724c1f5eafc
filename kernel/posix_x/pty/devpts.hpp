// Devpts: the file system of the slaves of pseudo-terminals, mounted on /dev/pts. Each mount is an instance of its own, with numbers of
// its own and a ptmx that leads to it.
//
// Locking: `state_` (rank SleepingLeaf) owns the names.
// Source: Linux, fs/devpts/inode.c; mount(8), "Mount options for devpts".
#pragma once

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/pty/pty_pair.hpp"

namespace exo::posix_x {

/// /proc/sys/kernel/pty/max, nr and reserve: how many there may be, how many there are, and how many of them mounts of other mount
/// namespaces than the first may not have. There are no others.
inline constinit std::atomic<u64> most_ptys{4096};
inline constinit std::atomic<u64> ptys{0};
inline constinit std::atomic<u64> reserved_ptys{1024};

class Devpts final : public fs::FileSystem {
  public:
    static constexpr std::string_view TYPE = "devpts";
    static constexpr abi::DeviceNumber MASTER{5, 2};
    static constexpr u32 SLAVE_MAJOR = 136;
    /// LINUX: NR_UNIX98_PTY_MAX.
    static constexpr u32 MOST_NUMBERS = 1U << 20;

    struct Options {
        std::optional<u32> uid;
        std::optional<u32> gid;
        u32 mode = 0600;
        u32 master_mode = 0;
        u32 most = MOST_NUMBERS;
    };
    /// Errors: Einval (an option).
    static Result<Options> parse(std::string_view text, const Options& defaults);
    /// What mount(2) makes. Errors: Einval, Enomem.
    static Result<fs::MountableTree> mount(std::string_view source, std::string_view options);
    /// `inode` as one of a devpts: the instance; null if it is of another file system.
    static Devpts* of(const fs::Inode& inode);

    explicit Devpts(const Options& options);

    /// A number for a new pty, the lowest that is free. Errors: Enospc, Enomem.
    Result<u32> reserve_number();
    /// The slave has no name any more, and its number is still taken.
    void remove_name(u32 number);
    /// Its name goes too, if it has one.
    void give_number_back(u32 number);
    /// Gives the slave its name, for the owner that the mount or the caller says. Errors: Enomem.
    Result<> enter(u32 number, Ref<Terminal> terminal, Ref<PtyPair> pair, const fs::Credentials& owner);

    struct Slave {
        Ref<fs::Inode> inode;
        Ref<Terminal> terminal;
        Ref<PtyPair> pair;
    };
    /// Nothing: no such name.
    std::optional<Slave> find(u32 number);
    /// The first slave whose number is not below `from`.
    std::optional<std::pair<u32, Slave>> next(u32 from);
    /// The node ptmx of the instance, which the root directory owns.
    void set_master_node(fs::Inode& node) { master_ = &node; }

    Result<> statistics(abi::statfs& out) override;
    Result<> append_options(String& out) override;
    Result<> remount(std::string_view text) override;

  private:
    struct State {
        Options options;
        Map<u32, Slave> slaves;  ///< Without an inode: only the number is taken.
    };
    scheduler::Mutex<State, sync::LockRank::SleepingLeaf> state_;
    fs::Inode* master_ = nullptr;
};

}  // namespace exo::posix_x

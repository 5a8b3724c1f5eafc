// Devpts: the file system of the slaves of pseudo-terminals, mounted on /dev/pts. Each mount is an instance
// with its own numbers and its own ptmx node.
//
// Locking: `state_` (rank SleepingLeaf) guards the names.
// Source: Linux, fs/devpts/inode.c; mount(8), "Mount options for devpts".
#pragma once

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/pty/pty_pair.hpp"

namespace exo::posix_x {

/// /proc/sys/kernel/pty/max, nr and reserve: the limit of ptys, their number, and how many of the limit only
/// the first mount namespace may use. There is only that namespace.
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
    /// Parses mount options. Errors: Einval (an option).
    static Result<Options> parse(std::string_view text, const Options& defaults);
    /// Makes an instance for mount(2). Errors: Einval, Enomem.
    static Result<fs::MountableTree> mount(std::string_view source, std::string_view options);
    /// The instance that `inode` belongs to; null if it belongs to another file system.
    static Devpts* of(const fs::Inode& inode);

    explicit Devpts(const Options& options);
    /// LINUX: MAX_NON_LFS, as for each file system that says nothing else.
    u64 max_file_size() const override { return std::numeric_limits<i32>::max(); }

    /// Reserves the lowest free number for a new pty. Errors: Enospc, Enomem.
    Result<u32> reserve_number();
    /// Removes the slave's name. Its number stays reserved.
    void remove_name(u32 number);
    /// Frees a number, and removes the slave's name if it still has one.
    void give_number_back(u32 number);
    /// Adds the slave's name. The mount's options or `owner` decide who owns it. Errors: Enomem.
    Result<> enter(u32 number, Ref<Terminal> terminal, Ref<PtyPair> pair, const fs::Credentials& owner);

    struct Slave {
        Ref<fs::Inode> inode;
        Ref<Terminal> terminal;
        Ref<PtyPair> pair;
    };
    /// Finds a slave by its number. Nothing: there is no such name.
    std::optional<Slave> find(u32 number);
    /// The first slave with a number of at least `from`.
    std::optional<std::pair<u32, Slave>> next(u32 from);
    /// Sets the node ptmx of the instance. The root directory owns it.
    void set_master_node(fs::Inode& node) { master_ = &node; }

    Result<> statistics(abi::statfs& out) override;
    Result<> append_options(String& out) override;
    Result<> remount(std::string_view text) override;

  private:
    struct State {
        Options options;
        Map<u32, Slave> slaves;  ///< An entry without an inode only reserves its number.
    };
    scheduler::Mutex<State, sync::LockRank::SleepingLeaf> state_;
    fs::Inode* master_ = nullptr;
};

}  // namespace exo::posix_x

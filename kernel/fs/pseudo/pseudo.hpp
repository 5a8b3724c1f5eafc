// Generated file systems: directories, files and links whose content is computed when somebody looks. procfs and sysfs
// are made of this; what is in them is registered from above.
//
// Key types: PseudoFileSystem (an instance), StaticDirectory (names that are registered), GeneratedDirectory (names
// that are computed: implement `find` and `list`), GeneratedFile (a function that writes a String), GeneratedLink.
// All of them are Inodes and are handed out as such. Those that are made at each lookup have numbers that say what they
// stand for: by these a program, and rename, know them again.
// Locking: a static directory's names change under its names_lock; generators run with no lock but the reading file's
// position held, and may sleep.
#pragma once

#include "fs/operations/vfs.hpp"
#include "utils/map.hpp"

namespace exo::fs {

class PseudoFileSystem final : public FileSystem {
  public:
    struct Rules {
        u32 block_size = PAGE_SIZE;
        /// LINUX: in procfs a name that is not there is an error at once, whatever it is asked for (proc_lookup_de and its
        /// like); elsewhere it could be made.
        bool missing_is_error = false;
        u64 max_file_size = std::numeric_limits<i64>::max();
    };
    PseudoFileSystem(std::string_view type_name, i64 magic, const Rules& rules)
        : FileSystem(type_name, rules.block_size),
          magic_(magic),
          rules_(rules) {}
    u64 max_file_size() const override { return rules_.max_file_size; }
    Result<> statistics(abi::statfs& out) override;
    Result<Ref<Inode>> missing() const override {
        return rules_.missing_is_error ? Result<Ref<Inode>>(Error::Enoent) : Ref<Inode>();
    }

  private:
    i64 magic_;
    const Rules rules_;
};

/// Content as text. Regenerated when a read starts at offset 0, and cut up consistently for the reads that follow.
class GeneratedFile : public Inode {
  public:
    /// `mode` carries permissions only.
    GeneratedFile(Ref<FileSystem> file_system, u64 number, u32 mode, UserId uid = 0, GroupId gid = 0,
                  InodeTraits traits = InodeTraits::None);

    /// Appends the whole content. Errors: Enomem, Esrch (the process has gone), Eacces.
    virtual Result<> generate(String& out) = 0;

    /// For a file of records, of which there may be many: appends those from `cursor` (0: the first) on, a page's worth at
    /// most but one in any case, and moves the cursor behind them. What it counts is the file's affair. By default: all.
    enum class More : u8 { No, Yes };
    virtual Result<More> generate_piece(u64& cursor, String& out);
    /// Takes the last record, which begins at `start`, back out of a piece if that has become too large with it.
    static bool takes_back(String& out, usize start);

    /// May `credentials` open it? Asked at each open after the mode. Errors: Eacces, Eperm.
    virtual Result<> check_open(const OpenRequest& request);
    /// A program wrote `bytes` at `offset`; answers how many of them were taken. Errors: Einval, Eperm; by default Eio: the
    /// file is for reading.
    virtual Result<usize> accept(std::span<const u8> bytes, u64 offset, const Credentials& credentials);

    Result<Ref<File>> open(OpenRequest&& request) override;
    Result<> truncate(InodeContent& content, u64 size) override;

    /// Whether sendfile can take from it or give to it.
    /// How lseek behaves.
    enum class Seeking : u8 {
        Sequential,  ///< From the start or the position alone. LINUX: seq_lseek
        Anywhere,    ///< From the end as well. LINUX: default_llseek
        UpToLargestFile,  ///< From the end as well, up to the file system's largest file. LINUX: generic_file_llseek
    };
    virtual Seeking seeking() const { return Seeking::Sequential; }
    /// LINUX: a sysctl that is a number is read from its start or not at all (do_proc_dointvec).
    virtual bool is_read_at_start_only() const { return false; }

    enum class Sendfile : u8 { Works, Refused };
    virtual Sendfile sendfile() const { return Sendfile::Works; }
};

/// A GeneratedFile by function: what most of /proc is.
class FunctionFile final : public GeneratedFile {
  public:
    using Generator = Result<> (*)(String& out);
    using Acceptor = Result<> (*)(std::span<const u8> bytes, const Credentials& credentials);
    FunctionFile(Ref<FileSystem> file_system, u32 mode, Generator generator, Acceptor acceptor = nullptr)
        : GeneratedFile(file_system, file_system->next_inode_number(), mode),
          generator_(generator),
          acceptor_(acceptor) {}
    Result<> generate(String& out) override { return generator_(out); }
    Result<usize> accept(std::span<const u8> bytes, u64 offset, const Credentials& credentials) override;

  private:
    Generator generator_;
    Acceptor acceptor_;
};

/// A symbolic link whose text is computed (/proc/self). For links to objects pass MagicLink and override `follow`.
class GeneratedLink : public Inode {
  public:
    GeneratedLink(Ref<FileSystem> file_system, u64 number, InodeTraits traits, u32 mode = 0777,
                  UserId uid = 0, GroupId gid = 0);
    /// Appends the text. Errors: Enoent, Eacces, Enomem.
    Result<> read_link(String& out) override = 0;
};

class FunctionLink final : public GeneratedLink {
  public:
    using Generator = Result<> (*)(String& out);
    FunctionLink(Ref<FileSystem> file_system, Generator generator)
        : GeneratedLink(file_system, file_system->next_inode_number(), InodeTraits::None),
          generator_(generator) {}
    Result<> read_link(String& out) override { return generator_(out); }

  private:
    Generator generator_;
};

/// A directory whose names are computed.
class GeneratedDirectory : public Inode {
  public:
    GeneratedDirectory(Ref<FileSystem> file_system, u64 number, u32 mode,
                       InodeTraits traits = InodeTraits::VolatileNames, UserId uid = 0, GroupId gid = 0);

    /// The inode for `name`, or null. Errors: Enomem, Eacces.
    virtual Result<Ref<Inode>> find(std::string_view name) = 0;
    /// Feeds entries whose cookies are at least `cookie`, in ascending order; a cookie must keep its meaning while
    /// names come and go (use the pid, the descriptor). Errors: Enomem, Esrch.
    virtual Result<> list(u64 cookie, DirectorySink sink) = 0;

    Result<Ref<Inode>> lookup(InodeNames& names, Dentry& child) final;
    Result<> iterate(InodeNames& names, Dentry& directory, u64 cookie, DirectorySink sink) final;
};

/// A directory of registered names; a fallback for other names may be set (/proc: the processes).
class StaticDirectory : public Inode {
  public:
    explicit StaticDirectory(Ref<FileSystem> file_system, u32 mode = 0555,
                             InodeTraits traits = InodeTraits::None);
    /// The registered names lie in this order. Errors: Eexist, Enomem.
    Result<> add(std::string_view name, Ref<Inode> inode);
    /// Adds a directory, or returns the one that is there. Errors: Enotdir, Enomem.
    Result<Ref<StaticDirectory>> add_directory(std::string_view name, u32 mode = 0555);
    Result<> add_file(std::string_view name, u32 mode, FunctionFile::Generator generator,
                      FunctionFile::Acceptor acceptor = nullptr);
    Result<> add_link(std::string_view name, FunctionLink::Generator generator);
    /// Names that are not registered are looked for in `directory`, whose own are listed behind the registered ones
    /// (its cookies are shifted there and back).
    void set_fallback(Ref<GeneratedDirectory> directory) { fallback_ = std::move(directory); }

    Result<Ref<Inode>> lookup(InodeNames& names, Dentry& child) override;
    Result<> iterate(InodeNames& names, Dentry& directory, u64 cookie, DirectorySink sink) override;

  private:
    struct Entry {
        Ref<Inode> inode;
        u64 cookie;
        Ref<StaticDirectory> directory;  ///< `inode`, if it is a directory.
    };
    using Entries = Map<String, Entry>;
    Result<> add_entry(std::string_view name, Ref<Inode> inode, Ref<StaticDirectory> directory);

    /// Entries are never taken out.
    Entries entries_;
    Vector<const Entries::Entry*> by_cookie_;
    Ref<GeneratedDirectory> fallback_;
};

/// An instance and its root directory, to be filled.
struct PseudoRoot {
    Ref<StaticDirectory> directory;
    Ref<Dentry> dentry;
    Ref<FileSystem> file_system;
};
/// Errors: Enomem.
Result<PseudoRoot> create_pseudo_tree(std::string_view type_name, i64 magic,
                                      const PseudoFileSystem::Rules& rules);

/// procfs, to be filled from above: type "proc". Errors: Enomem.
Result<> init_procfs();
const PseudoRoot& procfs();
/// sysfs, an empty tree: type "sysfs". Errors: Enomem.
Result<> init_sysfs();
const PseudoRoot& sysfs();

}  // namespace exo::fs

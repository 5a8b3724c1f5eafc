// Generated file systems: directories, files and links whose content is computed when a program reads it.
// procfs and sysfs consist of them; higher layers register their content.
//
// Key types: PseudoFileSystem (an instance), StaticDirectory (names that are registered), GeneratedDirectory (names
// that are computed: implement `find` and `list`), GeneratedFile (a function that writes a String), GeneratedLink.
// All of these are Inodes. An inode that is made anew at each lookup derives its number from what it stands
// for, so that programs and rename recognise it.
// Locking: a static directory's names_lock guards its names. Generators run under no lock but the reading
// file's position lock, and may sleep.
#pragma once

#include "fs/operations/vfs.hpp"
#include "utils/map.hpp"

namespace exo::fs {

class PseudoFileSystem final : public FileSystem {
  public:
    struct Rules {
        u32 block_size = PAGE_SIZE;
        /// LINUX: in procfs the lookup of a missing name is an error for every purpose (proc_lookup_de and
        /// similar functions); elsewhere a program could create the name.
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

/// A text file. The text is generated when a read starts at offset 0; the following reads return parts of the
/// same text.
class GeneratedFile : public Inode {
  public:
    /// `mode` carries permissions only.
    GeneratedFile(Ref<FileSystem> file_system, u64 number, u32 mode, UserId uid = 0, GroupId gid = 0,
                  InodeTraits traits = InodeTraits::None);

    /// Appends the whole content. Errors: Enomem, Esrch (the process has gone), Eacces.
    virtual Result<> generate(String& out) = 0;

    /// For files of many records: appends the records from `cursor` (0: the first) on, up to one page but at
    /// least one record, and moves the cursor behind them. The file defines what the cursor counts. The
    /// default appends everything.
    enum class More : u8 { No, Yes };
    virtual Result<More> generate_piece(u64& cursor, String& out);
    /// Removes the last record, which begins at `start`, from a piece that this record made too large.
    static bool takes_back(String& out, usize start);

    /// Whether `request` may open the file. Called at each open after the mode was checked. Errors: Eacces,
    /// Eperm.
    virtual Result<> check_open(const OpenRequest& request);
    /// Handles a write of `bytes` at `offset`; returns how many bytes it took. Errors: Einval, Eperm; the
    /// default gives Eio, for a file that cannot be written.
    virtual Result<usize> accept(std::span<const u8> bytes, u64 offset, const Credentials& credentials);

    Result<Ref<File>> open(OpenRequest&& request) override;
    Result<> truncate(InodeContent& content, u64 size) override;

    /// How lseek behaves.
    enum class Seeking : u8 {
        Sequential,       ///< Relative to the start or the position. LINUX: seq_lseek
        Anywhere,         ///< Also relative to the end. LINUX: default_llseek
        UpToLargestFile,  ///< Also relative to the end, up to the file system's largest file. LINUX:
                          ///< generic_file_llseek
    };
    virtual Seeking seeking() const { return Seeking::Sequential; }
    /// LINUX: a sysctl that is a number is read from its start or not at all (do_proc_dointvec).
    virtual bool is_read_at_start_only() const { return false; }

    enum class Sendfile : u8 { Works, Refused };
    virtual Sendfile sendfile() const { return Sendfile::Works; }
};

/// A GeneratedFile whose content a plain function generates. Most files in /proc are of this class.
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

/// A symbolic link whose text is computed (/proc/self). A link to an object passes MagicLink and overrides
/// `follow`.
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
    /// Passes entries to `sink` whose cookies are at least `cookie`, in ascending order. A cookie must keep
    /// its meaning while names come and go, so it is the pid or the descriptor. Errors: Enomem, Esrch.
    virtual Result<> list(u64 cookie, DirectorySink sink) = 0;

    Result<Ref<Inode>> lookup(InodeNames& names, Dentry& child) final;
    Result<> iterate(InodeNames& names, Dentry& directory, u64 cookie, DirectorySink sink) final;
};

/// A directory of registered names. A fallback may provide further names (/proc: the processes).
class StaticDirectory : public Inode {
  public:
    explicit StaticDirectory(Ref<FileSystem> file_system, u32 mode = 0555,
                             InodeTraits traits = InodeTraits::None);
    /// Registers a name. Listings keep the order of registration. Errors: Eexist, Enomem.
    Result<> add(std::string_view name, Ref<Inode> inode);
    /// Registers a directory, or returns the existing one of this name. Errors: Enotdir, Enomem.
    Result<Ref<StaticDirectory>> add_directory(std::string_view name, u32 mode = 0555);
    Result<> add_file(std::string_view name, u32 mode, FunctionFile::Generator generator,
                      FunctionFile::Acceptor acceptor = nullptr);
    Result<> add_link(std::string_view name, FunctionLink::Generator generator);
    /// Lookups of names that are not registered go to `directory`. Listings show its names after the
    /// registered ones, and convert its cookies.
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

    /// Entries are never removed.
    Entries entries_;
    Vector<const Entries::Entry*> by_cookie_;
    Ref<GeneratedDirectory> fallback_;
};

/// A generated file system instance and its empty root directory.
struct PseudoRoot {
    Ref<StaticDirectory> directory;
    Ref<Dentry> dentry;
    Ref<FileSystem> file_system;
};
/// Makes an empty generated file system. Errors: Enomem.
Result<PseudoRoot> create_pseudo_tree(std::string_view type_name, i64 magic,
                                      const PseudoFileSystem::Rules& rules);

/// Registers procfs, type "proc". Its tree is empty; posix_x fills it. Errors: Enomem.
Result<> init_procfs();
const PseudoRoot& procfs();
/// sysfs, to be filled from above: type "sysfs". Errors: Enomem.
Result<> init_sysfs();
const PseudoRoot& sysfs();

}  // namespace exo::fs

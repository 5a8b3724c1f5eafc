// The files of /proc/sys: settings that are numbers, and settings that are texts (Linux:
// fs/proc/proc_sysctl.c, kernel/sysctl.c).
//
// Only the mode decides who may write: the owner's bits apply to root, whatever capabilities it has, the
// group's bits to the root group, and the others' bits to everybody else. Modes and owners cannot be changed.
#pragma once

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/process/identity.hpp"

namespace exo::posix_x::procfs {

/// Checks the access to a setting's file or directory. Errors: Eacces.
Result<> check_setting_access(const fs::Inode& inode, abi::AccessMode wanted,
                              const fs::Credentials& credentials);

inline constexpr fs::InodeTraits SETTING_TRAITS =
    fs::InodeTraits::OwnAccess | fs::InodeTraits::FixedMode | fs::InodeTraits::FixedOwner;

class SettingFolder final : public fs::StaticDirectory {
  public:
    explicit SettingFolder(Ref<fs::FileSystem> file_system)
        : StaticDirectory(std::move(file_system), 0555, SETTING_TRAITS) {}
    std::optional<Result<>> check_access(abi::AccessMode wanted,
                                         const fs::Credentials& credentials) const override {
        return check_setting_access(*this, wanted, credentials);
    }
};

class SettingFile : public fs::GeneratedFile {
  public:
    SettingFile(Ref<fs::FileSystem> file_system, u32 mode)
        : GeneratedFile(file_system, file_system->next_inode_number(), mode, 0, 0, SETTING_TRAITS) {}
    std::optional<Result<>> check_access(abi::AccessMode wanted,
                                         const fs::Credentials& credentials) const override {
        return check_setting_access(*this, wanted, credentials);
    }
    Seeking seeking() const override { return Seeking::Anywhere; }
    /// LINUX: the permission of the writing task is checked, not only that of the task that opened the file.
    /// Errors: Eperm, and those of store.
    Result<usize> accept(std::span<const u8> bytes, u64 offset, const fs::Credentials& credentials) final;

  private:
    /// Stores a written text; returns how many bytes it took. Errors: Einval, Eperm.
    virtual Result<usize> store(std::string_view text, u64 offset, const fs::Credentials& credentials);
};

/// A text setting whose content is generated. It is writable if it has an Acceptor.
class TextSetting final : public SettingFile {
  public:
    using Generator = Result<> (*)(String& out);
    /// Handles the written text. Errors: Einval.
    using Acceptor = Result<> (*)(std::string_view text);
    TextSetting(Ref<fs::FileSystem> file_system, u32 mode, Generator generator, Acceptor acceptor)
        : SettingFile(std::move(file_system), mode),
          generator_(generator),
          acceptor_(acceptor) {}
    Result<> generate(String& out) override { return generator_(out); }

  private:
    Result<usize> store(std::string_view text, u64 offset, const fs::Credentials& credentials) override;
    const Generator generator_;
    const Acceptor acceptor_;
};

/// The Linux function whose parsing rules apply: proc_dointvec_minmax, proc_douintvec,
/// proc_doulongvec_minmax.
enum class NumberKind : u8 { Int, UnsignedInt, UnsignedLong };

struct NumberSetting {
    std::string_view name;
    u32 mode = 0444;
    u64 (*read)() = nullptr;
    void (*write)(u64 value) = nullptr;
    NumberKind kind = NumberKind::Int;
    u64 least = 0;
    u64 most = static_cast<u64>(INT32_MAX);
    /// Converts a written number to the stored value. Nothing: the number is refused with EINVAL.
    std::optional<u64> (*convert)(u64 value) = nullptr;
    /// A capability that writers need in addition to the mode. Errors: Eperm.
    std::optional<Capability> needed = std::nullopt;
};

class NumberFile final : public SettingFile {
  public:
    NumberFile(Ref<fs::FileSystem> file_system, const NumberSetting& setting)
        : SettingFile(std::move(file_system), setting.mode),
          setting_(setting) {}
    Result<> generate(String& out) override { return format_append(out, "{}\n", setting_.read()); }
    bool is_read_at_start_only() const override { return true; }

  private:
    Result<usize> store(std::string_view text, u64 offset, const fs::Credentials& credentials) override;
    const NumberSetting& setting_;
};

/// Adds a setting, which must live for ever. Errors: Enomem.
Result<> add_number(SettingFolder& folder, const NumberSetting& setting);
Result<> add_text(SettingFolder& folder, std::string_view name, u32 mode, TextSetting::Generator generator,
                  TextSetting::Acceptor acceptor = nullptr);
Result<Ref<SettingFolder>> add_folder(fs::StaticDirectory& parent, std::string_view name);

}  // namespace exo::posix_x::procfs

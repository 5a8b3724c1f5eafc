// What /proc/sys is made of (Linux: fs/proc/proc_sysctl.c, kernel/sysctl.c): settings that are numbers, and texts.
//
// Who may write is told by the mode alone: root's part for root, whatever capabilities it has, the group's for root's
// group, the rest for all others. Modes and owners cannot be changed.
#pragma once

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/process/identity.hpp"

namespace exo::posix_x::procfs {

/// A setting's access, for its file and its folder. Errors: Eacces.
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
    /// LINUX: whoever writes must be one who may, not only who opened the file. Errors: Eperm, and those of store.
    Result<usize> accept(std::span<const u8> bytes, u64 offset, const fs::Credentials& credentials) final;

  private:
    /// Answers how many bytes were taken. Errors: Einval, Eperm.
    virtual Result<usize> store(std::string_view text, u64 offset, const fs::Credentials& credentials);
};

/// A text that is generated, and may be one that can be written.
class TextSetting final : public SettingFile {
  public:
    using Generator = Result<> (*)(String& out);
    /// The text that was written, from the start. Errors: Einval.
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

/// How Linux reads what is written: proc_dointvec_minmax, proc_douintvec, proc_doulongvec_minmax.
enum class NumberKind : u8 { Int, UnsignedInt, UnsignedLong };

struct NumberSetting {
    std::string_view name;
    u32 mode = 0444;
    u64 (*read)() = nullptr;
    void (*write)(u64 value) = nullptr;
    NumberKind kind = NumberKind::Int;
    u64 least = 0;
    u64 most = static_cast<u64>(INT32_MAX);
    /// What a written number stands for, or nothing where it is refused with EINVAL.
    std::optional<u64> (*convert)(u64 value) = nullptr;
    /// Beside the mode, who writes needs this one; Eperm without.
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

/// The setting must live for ever. Errors: Enomem.
Result<> add_number(SettingFolder& folder, const NumberSetting& setting);
Result<> add_text(SettingFolder& folder, std::string_view name, u32 mode, TextSetting::Generator generator,
                  TextSetting::Acceptor acceptor = nullptr);
Result<Ref<SettingFolder>> add_folder(fs::StaticDirectory& parent, std::string_view name);

}  // namespace exo::posix_x::procfs

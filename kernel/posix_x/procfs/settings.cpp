#include "posix_x/procfs/settings.hpp"

#include "utils/bytes.hpp"

namespace exo::posix_x::procfs {

namespace {

constexpr std::string_view SPACES = " \t\n\v\f\r";
constexpr std::string_view NUMBER_ENDS = " \t\n";

/// Skips blanks. LINUX: isspace; the check behind a number accepts only three of these characters.
void skip_spaces(std::string_view& text) {
    const usize start = text.find_first_not_of(SPACES);
    text.remove_prefix(start == std::string_view::npos ? text.size() : start);
}

u32 digit_of(char c) {
    if (c >= '0' && c <= '9') return static_cast<u32>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? static_cast<u32>(lower - 'a') + 10 : ~0U;
}

/// Removes "0x" and returns the base: 16 after "0x", 8 after another 0, else 10.
u32 cut_base(std::string_view& text) {
    if (text.empty() || text.front() != '0') return 10;
    const bool is_hexadecimal = text.size() > 2 && (text[1] | 0x20) == 'x' && digit_of(text[2]) < 16;
    if (!is_hexadecimal) return 8;
    text.remove_prefix(2);
    return 16;
}

struct Parsed {
    u64 value = 0;
    bool is_negative = false;
};

/// Takes a number from the front. LINUX: proc_get_long. Errors: Einval.
Result<Parsed> cut_number(std::string_view& text) {
    constexpr usize LONGEST = 21;  // LINUX: a longer one might be cut in its middle
    Parsed parsed;
    std::string_view rest = text.substr(0, LONGEST);
    const usize seen = rest.size();
    if (rest.size() > 1 && rest.front() == '-') {
        parsed.is_negative = true;
        rest.remove_prefix(1);
    }
    if (rest.empty() || digit_of(rest.front()) > 9) return Error::Einval;
    const u32 base = cut_base(rest);
    while (!rest.empty() && digit_of(rest.front()) < base) {
        if (__builtin_mul_overflow(parsed.value, u64{base}, &parsed.value) ||
            __builtin_add_overflow(parsed.value, u64{digit_of(rest.front())}, &parsed.value))
            return Error::Einval;
        rest.remove_prefix(1);
    }
    const usize used = seen - rest.size();
    if (used == LONGEST) return Error::Einval;
    text.remove_prefix(used);
    if (!text.empty() && NUMBER_ENDS.find(text.front()) == std::string_view::npos) return Error::Einval;
    return parsed;
}

}  // namespace

/// LINUX: test_perm and proc_sys_permission.
Result<> check_setting_access(const fs::Inode& inode, abi::AccessMode wanted,
                              const fs::Credentials& credentials) {
    u32 granted = inode.mode();
    if (credentials.uid == 0)
        granted >>= 6;
    else if (credentials.is_member_of(0))
        granted >>= 3;
    if (inode.is_regular() && has(wanted, abi::AccessMode::Execute)) return Error::Eacces;
    return (abi::raw(wanted) & ~granted & 7) == 0 ? Result<>() : Result<>(Error::Eacces);
}

Result<usize> SettingFile::accept(std::span<const u8> bytes, u64 offset, const fs::Credentials& credentials) {
    if (!check_setting_access(*this, abi::AccessMode::Write, credentials)) return Error::Eperm;
    if (bytes.empty()) return 0UZ;
    return store(as_text(bytes), offset, credentials);
}

Result<usize> SettingFile::store(std::string_view, u64, const fs::Credentials&) { return Error::Einval; }

/// LINUX: the text ends at the first newline or NUL. A write at an offset continues the present text.
Result<usize> TextSetting::store(std::string_view text, u64 offset, const fs::Credentials&) {
    if (acceptor_ == nullptr) return Error::Einval;
    String whole;
    if (offset != 0) {
        TRY(generate(whole));
        const usize length = whole.view().find('\n');
        if (offset > length) return text.size();
        whole = TRY(String::from(whole.view().substr(0, static_cast<usize>(offset))));
    }
    TRY(whole.append(text.substr(0, text.find_first_of(std::string_view("\n\0", 2)))));
    TRY(acceptor_(whole.view()));
    return text.size();
}

Result<usize> NumberFile::store(std::string_view text, u64 offset, const fs::Credentials& credentials) {
    if (setting_.needed && (credentials.privileges >> static_cast<u32>(*setting_.needed) & 1) == 0)
        return Error::Eperm;
    // LINUX: what is not written at the start is passed over in silence (SYSCTL_WRITES_STRICT).
    if (offset != 0) return text.size();
    std::string_view rest = text;
    skip_spaces(rest);
    const Parsed parsed = TRY(cut_number(rest));
    u64 value = parsed.value;
    const u64 largest = setting_.kind == NumberKind::UnsignedInt ? UINT32_MAX : setting_.most;
    if ((parsed.is_negative && (value != 0 || setting_.kind != NumberKind::Int)) || value > largest)
        return Error::Einval;
    if (setting_.convert != nullptr) {
        const auto converted = setting_.convert(value);
        if (!converted) return Error::Einval;
        value = *converted;
    }
    if (value < setting_.least || value > setting_.most) return Error::Einval;
    setting_.write(value);
    if (setting_.kind == NumberKind::UnsignedInt) return text.size();
    skip_spaces(rest);
    return text.size() - rest.size();
}

Result<> add_number(SettingFolder& folder, const NumberSetting& setting) {
    return folder.add(setting.name,
                      TRY(make_ref<NumberFile>(Ref<fs::FileSystem>(&folder.file_system()), setting)));
}

Result<> add_text(SettingFolder& folder, std::string_view name, u32 mode, TextSetting::Generator generator,
                  TextSetting::Acceptor acceptor) {
    return folder.add(
        name,
        TRY(make_ref<TextSetting>(Ref<fs::FileSystem>(&folder.file_system()), mode, generator, acceptor)));
}

Result<Ref<SettingFolder>> add_folder(fs::StaticDirectory& parent, std::string_view name) {
    Ref<SettingFolder> folder = TRY(make_ref<SettingFolder>(Ref<fs::FileSystem>(&parent.file_system())));
    TRY(parent.add(name, folder));
    return folder;
}

}  // namespace exo::posix_x::procfs

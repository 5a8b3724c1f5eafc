#include "utils/format.hpp"
#include "posix_x/procfs/procfs.hpp"

namespace exo::posix_x::procfs {

Result<> append_left(String& out, std::string_view text, usize width) {
    TRY(out.append(text));
    for (usize column = text.size(); column < width; ++column) TRY(out.push(' '));
    return {};
}

Result<> append_octal(String& out, u64 number) {
    char digits[22];
    usize at = sizeof(digits);
    do {
        digits[--at] = static_cast<char>('0' + number % 8);
        number /= 8;
    } while (number != 0);
    return out.append({digits + at, sizeof(digits) - at});
}

Result<> append_hundredths(String& out, u64 hundredths) {
    return format_append(out, "{}.{:02}", hundredths / 100, hundredths % 100);
}

}  // namespace exo::posix_x::procfs

#include "posix_x/exec/script.hpp"

namespace exo::posix_x {

namespace {

constexpr std::string_view BLANKS = " \t";

std::string_view trim_left(std::string_view text) {
    const usize start = text.find_first_not_of(BLANKS);
    return start == std::string_view::npos ? std::string_view{} : text.substr(start);
}

std::string_view trim_right(std::string_view text) {
    const usize last = text.find_last_not_of(BLANKS);
    return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

bool is_script(const FileStart& start) {
    return start.size >= 2 && start.bytes[0] == '#' && start.bytes[1] == '!';
}

Result<String> apply_script(const FileStart& start, std::string_view path, ProgramArguments& arguments) {
    // SAFETY: bytes are characters.
    const std::string_view text{reinterpret_cast<const char*>(start.bytes) + 2, start.size - 2};
    const usize end = text.find_first_of(std::string_view{"\n\0", 2});
    // LINUX: a line that is cut off is good only if the interpreter's path is seen to end.
    const bool is_cut = end == std::string_view::npos && start.size == FileStart::SIZE;
    const std::string_view line = trim_left(end == std::string_view::npos ? text : text.substr(0, end));
    const usize path_end = line.find_first_of(BLANKS);
    if (is_cut && path_end == std::string_view::npos) return Error::Enoexec;
    const std::string_view interpreter = line.substr(0, path_end);
    if (interpreter.empty()) return Error::Enoexec;
    const std::string_view argument = path_end == std::string_view::npos
                                          ? std::string_view{}
                                          : trim_right(trim_left(line.substr(path_end)));

    arguments.arguments.remove_first();
    TRY(arguments.arguments.put_first(path));
    if (!argument.empty()) TRY(arguments.arguments.put_first(argument));
    TRY(arguments.arguments.put_first(interpreter));
    return String::from(interpreter);
}

Result<String> execution_path(const ExecuteRequest& request) {
    if (request.descriptor == abi::AT_CURRENT_DIRECTORY || request.path.starts_with('/'))
        return String::from(request.path);
    String path;
    TRY(format_append(path, "/dev/fd/{}", request.descriptor));
    if (!request.path.empty()) {
        TRY(path.push('/'));
        TRY(path.append(request.path));
    }
    return path;
}

}  // namespace exo::posix_x

#include "posix_x/lifecycle/script.hpp"

namespace exo::posix_x {

namespace {

constexpr std::string_view BLANKS = " \t";

bool is_blank(char c) { return BLANKS.find(c) != std::string_view::npos; }

/// The parsed "#!" line.
struct ScriptLine {
    std::string_view interpreter;
    std::string_view argument;
};

/// LINUX: load_script. The line ends at a newline or NUL, whichever is first; without either it ends one byte
/// before the end of the buffer. Errors: Enoexec (no interpreter, or one whose path might be cut off).
Result<ScriptLine> parse_line(std::string_view text) {
    const usize end = text.find_first_of(std::string_view{"\n\0", 2});
    const bool has_newline = end != std::string_view::npos && text[end] == '\n';
    std::string_view line = has_newline ? text.substr(0, end) : text.substr(0, text.size() - 1);
    if (!has_newline) {
        const usize start = text.find_first_not_of(BLANKS);
        if (start == std::string_view::npos) return Error::Enoexec;
        const usize path_end = text.find_first_of(std::string_view{" \t\0", 3}, start);
        if (path_end == std::string_view::npos) return Error::Enoexec;
    }
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    const usize start = line.find_first_not_of(BLANKS);
    if (start == std::string_view::npos) return Error::Enoexec;
    line.remove_prefix(start);
    const usize path_end = line.find_first_of(std::string_view{" \t\0", 3});
    ScriptLine script{line.substr(0, path_end), {}};
    if (path_end == std::string_view::npos || line[path_end] == '\0') return script;
    const usize argument = line.find_first_not_of(BLANKS, path_end);
    if (argument == std::string_view::npos) return script;
    script.argument = line.substr(argument);
    script.argument = script.argument.substr(0, script.argument.find('\0'));
    return script;
}

}  // namespace

bool is_script(const FileStart& start) {
    return start.size >= 2 && start.bytes[0] == '#' && start.bytes[1] == '!';
}

Result<String> apply_script(const FileStart& start, std::string_view path, ProgramArguments& arguments) {
    // SAFETY: bytes are characters. What the file does not have is 0.
    const auto [interpreter, argument] =
        TRY(parse_line({reinterpret_cast<const char*>(start.bytes) + 2, FileStart::SIZE - 2}));
    // LINUX: an empty path is the working directory, which cannot be executed.
    if (interpreter.empty()) return Error::Eacces;

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

#include "call_table/json.hpp"

namespace exo::call_table {

void Json::separate() {
    if (needs_comma_) text_ += ',';
    needs_comma_ = false;
}

void Json::open(char bracket) {
    separate();
    text_ += bracket;
}

void Json::close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
}

void Json::key(std::string_view name) {
    value(name);
    text_ += ':';
    needs_comma_ = false;
}

void Json::value(std::string_view text) {
    separate();
    text_.append("\"").append(text).append("\"");
    needs_comma_ = true;
}

void Json::value(u64 number) {
    separate();
    text_ += std::to_string(number);
    needs_comma_ = true;
}

void Json::value(i64 number) {
    separate();
    text_ += std::to_string(number);
    needs_comma_ = true;
}

void Json::value(bool truth) {
    separate();
    text_ += truth ? "true" : "false";
    needs_comma_ = true;
}

std::string snake_case(std::string_view name) {
    std::string text;
    for (const char c : name) {
        const bool is_upper = c >= 'A' && c <= 'Z';
        if (is_upper && !text.empty()) text += '_';
        text += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

}  // namespace exo::call_table

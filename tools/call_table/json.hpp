// JSON as text, and descriptions as JSON.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "syscall/description.hpp"

namespace exo::call_table {

/// Writes one value after the other; names in it need no escapes, because they are identifiers.
class Json {
  public:
    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);
    void value(std::string_view text);
    void value(u64 number);
    void value(i64 number);
    void value(bool truth);

    template <class T> void field(std::string_view name, T content) {
        key(name);
        value(content);
    }
    const std::string& text() const { return text_; }

  private:
    void open(char bracket);
    void close(char bracket);
    void separate();

    std::string text_;
    bool needs_comma_ = false;
};

/// `ProcessOrSelf` becomes `process_or_self`.
std::string snake_case(std::string_view name);

void print(Json& json, const syscall::Description& description);
void print(Json& json, std::span<const syscall::Description> descriptions);

}  // namespace exo::call_table

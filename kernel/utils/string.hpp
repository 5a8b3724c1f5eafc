// String: owned bytes with a terminating NUL; growth returns Result. std::string_view borrows.
#pragma once

#include <string_view>

#include "utils/vector.hpp"

namespace exo {

class String {
  public:
    String() = default;
    static Result<String> from(std::string_view text) {
        String string;
        TRY(string.append(text));
        return string;
    }

    std::string_view view() const {
        return bytes_.is_empty() ? std::string_view{} : std::string_view{bytes_.data(), bytes_.size() - 1};
    }
    operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
    const char* c_str() const { return bytes_.is_empty() ? "" : bytes_.data(); }
    usize size() const { return bytes_.is_empty() ? 0 : bytes_.size() - 1; }
    bool is_empty() const { return size() == 0; }

    /// Appends text, which may be a part of this string. Errors: Enomem; the string is unchanged then.
    Result<> append(std::string_view text) {
        const auto needed = checked_add(size(), text.size());
        if (!needed || *needed == SIZE_MAX) return Error::Enomem;
        if (*needed + 1 > bytes_.capacity()) return append_to_copy(text, *needed + 1);
        if (!bytes_.is_empty()) bytes_.pop();
        for (const char c : text) bytes_.push_within_capacity(c);
        bytes_.push_within_capacity('\0');
        return {};
    }
    Result<> push(char c) { return append({&c, 1}); }
    void clear() { bytes_.clear(); }
    /// Keeps only the first `size` bytes. The string has at least that many.
    void truncate(usize size) {
        if (size == this->size()) return;
        while (bytes_.size() > size) bytes_.pop();
        bytes_.push_within_capacity('\0');
    }

    friend bool operator==(const String& a, std::string_view b) { return a.view() == b; }
    friend bool operator<(const String& a, const String& b) { return a.view() < b.view(); }
    friend bool operator<(const String& a, std::string_view b) { return a.view() < b; }
    friend bool operator<(std::string_view a, const String& b) { return a < b.view(); }

  private:
    /// The old bytes are kept until the new ones are complete, because `text` may be among them.
    Result<> append_to_copy(std::string_view text, usize needed) {
        const usize doubled = bytes_.capacity() * 2;
        Vector<char> grown;
        TRY(grown.reserve(needed > doubled ? needed : doubled));
        for (const char c : view()) grown.push_within_capacity(c);
        for (const char c : text) grown.push_within_capacity(c);
        grown.push_within_capacity('\0');
        bytes_ = std::move(grown);
        return {};
    }

    Vector<char> bytes_;
};

}  // namespace exo

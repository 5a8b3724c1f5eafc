#pragma once
// Text without allocation: views, numbers, and lines in fixed buffers.

#include "linux.hpp"

/// A reference to characters, without a terminating zero byte.
struct Text {
    const char* data = nullptr;
    usize size = 0;

    constexpr Text() = default;
    constexpr Text(const char* from, usize bytes) : data(from), size(bytes) {}
    constexpr Text(const char* terminated) : data(terminated) {
        while (data[size] != '\0') ++size;
    }

    bool operator==(const Text& other) const {
        if (size != other.size) return false;
        for (usize i = 0; i < size; ++i) {
            if (data[i] != other.data[i]) return false;
        }
        return true;
    }

    bool contains(char wanted) const {
        for (usize i = 0; i < size; ++i) {
            if (data[i] == wanted) return true;
        }
        return false;
    }

    /// Removes and returns the text before the first `separator`, or all of it if there is none.
    Text take_until(char separator) {
        usize length = 0;
        while (length < size && data[length] != separator) ++length;
        const Text head{data, length};
        const usize skipped = length < size ? length + 1 : length;
        data += skipped;
        size -= skipped;
        return head;
    }

    /// The text as a decimal number, or -1 if it is not one or is larger than 65535.
    int number() const {
        if (size == 0 || size > 5) return -1;
        int value = 0;
        for (usize i = 0; i < size; ++i) {
            if (data[i] < '0' || data[i] > '9') return -1;
            value = value * 10 + (data[i] - '0');
        }
        return value <= 65535 ? value : -1;
    }

    /// The decimal number at the beginning of the text; 0 if there is none, and the largest u64 if the number
    /// is larger than that.
    u64 long_number() const {
        u64 value = 0;
        for (usize i = 0; i < size && data[i] >= '0' && data[i] <= '9'; ++i) {
            const u64 digit = static_cast<u64>(data[i] - '0');
            if (value > (~u64{0} - digit) / 10) return ~u64{0};
            value = value * 10 + digit;
        }
        return value;
    }
};

/// Builds text in a fixed buffer. Text that does not fit is cut off.
template <usize CAPACITY> class TextBuilder {
  public:
    TextBuilder& add(Text text) {
        for (usize i = 0; i < text.size && size_ < CAPACITY - 1; ++i) data_[size_++] = text.data[i];
        data_[size_] = '\0';
        return *this;
    }

    TextBuilder& add(u64 number) {
        char digits[20];
        usize count = 0;
        do {
            digits[sizeof digits - ++count] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        return add(Text{digits + sizeof digits - count, count});
    }

    Text text() const { return {data_, size_}; }
    const char* terminated() const { return data_; }
    bool is_full() const { return size_ == CAPACITY - 1; }

  private:
    char data_[CAPACITY] = {};
    usize size_ = 0;
};

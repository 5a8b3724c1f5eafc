// The kernel's command line, split by Linux's rules.
#pragma once

#include <optional>
#include <string_view>

#include "utils/function_ref.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::boot {

/// One word: `key`, `key=value` or `key="value with blanks"`. The outer quotes are removed.
struct CommandLineWord {
    std::string_view key;
    std::optional<std::string_view> value;
};

/// Takes the first word from the front of `text`; nothing if only blanks are left.
/// Words end at blanks outside double quotes; quotes inside a word stay.
/// Source: Linux, lib/cmdline.c, next_arg().
std::optional<CommandLineWord> take_word(std::string_view& text);

/// Whether two keys are equal if '-' and '_' count as the same character, as in Linux's parameq().
bool is_same_key(std::string_view a, std::string_view b);

/// Takes a number from the front of `text`, with an optional prefix 0x or 0 and an optional suffix K, M, G,
/// T, P or E, as Linux's memparse() does. Nothing if there is no digit or the number is too large.
std::optional<u64> take_size(std::string_view& text);

/// Converts the whole of `text` to a number, with an optional sign and an optional prefix 0x or 0, as Linux's
/// kstrtoll() does with base 0. Nothing if it is not a number or is too large.
std::optional<i64> parse_number(std::string_view text);

/// The command line up to the word "--". It refers to the text, is cheap to copy and never allocates.
class CommandLine {
  public:
    constexpr CommandLine() = default;
    explicit constexpr CommandLine(std::string_view text) : text_(text) {}

    std::string_view text() const { return text_; }
    /// The text after the word "--".
    std::string_view after_dashes() const;

    void for_each(FunctionRef<void(const CommandLineWord&)> visit) const;
    /// Calls `visit` with each value of `key`, in order. A bare `key` counts as an empty value.
    void for_each_value(std::string_view key, FunctionRef<void(std::string_view)> visit) const;
    /// The last word with that key, which is the one that Linux uses.
    std::optional<CommandLineWord> find(std::string_view key) const;
    bool contains(std::string_view key) const { return find(key).has_value(); }
    /// The value of the last `key=value`, if any.
    std::optional<std::string_view> value(std::string_view key) const;
    /// The value of the last `key=value` as a number; nothing if it is not one.
    std::optional<i64> number(std::string_view key) const;

  private:
    std::string_view text_;
};

/// `virtio_mmio.device=SIZE@BASE:IRQ[:ID]`.
struct VirtioMmioDevice {
    u64 size = 0;
    u64 base = 0;
    u32 interrupt = 0;
    friend bool operator==(const VirtioMmioDevice&, const VirtioMmioDevice&) = default;
};

/// Parses such a value. Errors: Einval. Source: Linux, drivers/virtio/virtio_mmio.c, vm_cmdline_set().
Result<VirtioMmioDevice> parse_virtio_mmio_device(std::string_view value);

}  // namespace exo::boot

#include "posix_x/lifecycle/arguments.hpp"

#include <algorithm>
#include <cstring>

#include "scheduler/preemption.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {
constexpr u64 MAX_STRING = 32 * PAGE_SIZE;  // MAX_ARG_STRLEN
constexpr u64 MIN_LIMIT = 128 * KIB;
constexpr u64 MAX_LIMIT = 6 * MIB;
}  // namespace

Result<> StringBlock::add(std::string_view text) {
    TRY(append({text.data(), text.size()}));
    return end_string();
}

Result<> StringBlock::append(std::span<const char> bytes) {
    while (!bytes.empty()) {
        const usize within = end_ % PAGE_SIZE;
        if (within == 0) TRY(pages_.push(TRY(memory::FrameRef::allocate())));
        const usize size = std::min(bytes.size(), PAGE_SIZE - within);
        std::memcpy(pages_.back().data() + within, bytes.data(), size);
        end_ += size;
        bytes = bytes.subspan(size);
    }
    return {};
}

Result<> StringBlock::end_string() {
    constexpr char NUL = '\0';
    TRY(append({&NUL, 1}));
    ++count_;
    return {};
}

std::span<const char> StringBlock::piece_at(u64 at) const {
    const usize within = at % PAGE_SIZE;
    const usize size = std::min(PAGE_SIZE - within, static_cast<usize>(end_ - at));
    // SAFETY: bytes are characters.
    return {reinterpret_cast<const char*>(pages_[at / PAGE_SIZE].data()) + within, size};
}

void StringBlock::remove_first() {
    --count_;
    if (front_.size() != 0) {
        const auto end = std::find(front_.begin(), front_.end(), '\0') + 1;
        const auto size = static_cast<usize>(end - front_.begin());
        std::copy(end, front_.end(), front_.begin());
        for (usize i = 0; i < size; ++i) front_.pop();
        return;
    }
    while (true) {
        const std::span<const char> piece = piece_at(begin_);
        const auto* end = static_cast<const char*>(std::memchr(piece.data(), '\0', piece.size()));
        if (end == nullptr) {
            begin_ += piece.size();
            continue;
        }
        begin_ += static_cast<u64>(end - piece.data()) + 1;
        return;
    }
}

Result<> StringBlock::put_first(std::string_view text) {
    TRY(front_.append({text.data(), text.size()}));
    TRY(front_.push('\0'));
    std::rotate(front_.begin(), front_.end() - (text.size() + 1), front_.end());
    ++count_;
    return {};
}

u64 ProgramArguments::size() const {
    return arguments.size() + environment.size() + (arguments.count() + environment.count()) * sizeof(u64);
}

u64 argument_limit(u64 stack_limit) { return std::clamp(stack_limit / 4, MIN_LIMIT, MAX_LIMIT); }

/// Copies strings and counts them against the limit.
class ArgumentCopier {
  public:
    explicit ArgumentCopier(u64 limit) : remaining_(limit) {}

    Result<> copy_array(u64 array, StringBlock& to) {
        if (array == 0) return {};
        for (u64 at = array;; at += sizeof(u64)) {
            const u64 address = TRY(vm::UserIn<u64>(at).read());
            if (address == 0) return {};
            TRY(take(sizeof(u64)));
            TRY(copy_string(address, to));
            TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
        }
    }

  private:
    Result<> take(u64 bytes) {
        if (bytes > remaining_) return Error::E2big;
        remaining_ -= bytes;
        return {};
    }

    Result<> copy_string(u64 address, StringBlock& to) {
        char part[256];
        for (u64 total = 0;;) {
            const usize size = TRY(vm::read_user_string(address + total, part));
            const bool is_end = size < sizeof(part);
            total += size;
            if (total >= MAX_STRING) return Error::E2big;
            TRY(take(size + (is_end ? 1 : 0)));
            TRY(to.append({part, size}));
            if (!is_end) continue;
            return to.end_string();
        }
    }

    u64 remaining_;
};

Result<ProgramArguments> copy_arguments(u64 arguments, u64 environment, u64 limit) {
    ProgramArguments result;
    ArgumentCopier copier(limit);
    TRY(copier.copy_array(arguments, result.arguments));
    TRY(copier.copy_array(environment, result.environment));
    return result;
}

}  // namespace exo::posix_x

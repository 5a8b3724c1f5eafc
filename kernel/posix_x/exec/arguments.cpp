#include "posix_x/exec/arguments.hpp"

#include <algorithm>

#include "scheduler/preemption.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {
constexpr u64 MAX_STRING = 32 * PAGE_SIZE;  // MAX_ARG_STRLEN
constexpr u64 MIN_LIMIT = 128 * KIB;
constexpr u64 MAX_LIMIT = 6 * MIB;
}  // namespace

Result<> StringBlock::add(std::string_view text) {
    TRY(bytes_.append({text.data(), text.size()}));
    TRY(bytes_.push('\0'));
    ++count_;
    return {};
}

void StringBlock::remove_first() {
    const usize size = first().size() + 1;
    std::copy(bytes_.begin() + size, bytes_.end(), bytes_.begin());
    for (usize i = 0; i < size; ++i) bytes_.pop();
    --count_;
}

Result<> StringBlock::put_first(std::string_view text) {
    TRY(add(text));
    std::rotate(bytes_.begin(), bytes_.end() - (text.size() + 1), bytes_.end());
    return {};
}

u64 ProgramArguments::size() const {
    return arguments.bytes().size() + environment.bytes().size() +
           (arguments.count() + environment.count()) * sizeof(u64);
}

u64 argument_limit(u64 stack_limit) { return std::clamp(stack_limit / 4, MIN_LIMIT, MAX_LIMIT); }

/// Copies strings while keeping count of what is left of the limit.
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
            TRY(to.bytes_.append({part, size}));
            if (!is_end) continue;
            TRY(to.bytes_.push('\0'));
            ++to.count_;
            return {};
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

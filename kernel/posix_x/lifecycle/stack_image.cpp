#include "posix_x/lifecycle/stack_image.hpp"

#include <array>
#include <cstring>

#include "arch/interface.hpp"
#include "drivers/random/random.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

// Types of auxiliary entries (include/uapi/linux/auxvec.h).
enum class Aux : u64 {
    Null = 0,
    Ignore = 1,
    Phdr = 3,
    Phent = 4,
    Phnum = 5,
    Pagesz = 6,
    Base = 7,
    Flags = 8,
    Entry = 9,
    Uid = 11,
    Euid = 12,
    Gid = 13,
    Egid = 14,
    Platform = 15,
    Hwcap = 16,
    Clktck = 17,
    Secure = 23,
    Random = 25,
    Hwcap2 = 26,
    Execfn = 31,
    SysinfoEhdr = 33,
    Minsigstksz = 51,
};

constexpr u64 PROGRAM_HEADER_SIZE = 56;
constexpr u64 CLOCK_TICKS = 100;

/// Writes downwards from the top of the stack.
class StackWriter {
  public:
    StackWriter(vm::AddressSpace& space, u64 top) : space_(space), at_(top) {}
    u64 position() const { return at_; }
    void align(u64 alignment) { at_ = align_down(at_, alignment); }
    void skip(u64 bytes) { at_ -= bytes; }
    Result<u64> push(std::span<const u8> bytes) {
        at_ -= bytes.size();
        TRY(space_.write_remote(at_, bytes));
        return at_;
    }
    Result<u64> push(const StringBlock& block) {
        at_ -= block.size();
        u64 to = at_;
        TRY(block.for_each_piece([&](std::span<const char> piece) -> Result<> {
            // SAFETY: characters are bytes.
            TRY(space_.write_remote(to, {reinterpret_cast<const u8*>(piece.data()), piece.size()}));
            to += piece.size();
            return {};
        }));
        return at_;
    }
    Result<u64> push_text(std::string_view text) {
        at_ -= 1;
        TRY(space_.write_remote(at_, {reinterpret_cast<const u8*>(""), 1}));        // SAFETY: a NUL byte
        return push({reinterpret_cast<const u8*>(text.data()), text.size()});  // SAFETY: characters are bytes
    }

  private:
    vm::AddressSpace& space_;
    u64 at_;
};

/// What two auxiliary entries point to.
struct RandomAndPlatform {
    u8 random[16];
    char platform[7] = "x86_64";
};
static_assert(sizeof(RandomAndPlatform) == 23);

struct AuxiliaryEntry {
    Aux type;
    u64 value;
};

/// Writes words upwards from the stack pointer: argc, argv, envp, auxv.
class WordWriter {
  public:
    WordWriter(vm::AddressSpace& space, u64 address) : space_(space), at_(address) {}
    Result<> add(u64 word) {
        words_[count_++] = word;
        return count_ == words_.size() ? flush() : Result<>{};
    }
    /// A pointer to each string of `block`, which lies at `address`, and a null.
    Result<> add_pointers(const StringBlock& block, u64 address) {
        bool starts_string = true;
        TRY(block.for_each_piece([&](std::span<const char> piece) -> Result<> {
            while (!piece.empty()) {
                if (starts_string) TRY(add(address));
                const auto* end = static_cast<const char*>(std::memchr(piece.data(), '\0', piece.size()));
                starts_string = end != nullptr;
                const usize size = starts_string ? static_cast<usize>(end - piece.data()) + 1 : piece.size();
                address += size;
                piece = piece.subspan(size);
            }
            scheduler::preempt_point();
            return {};
        }));
        return add(0);
    }
    Result<> flush() {
        const usize size = std::exchange(count_, 0) * sizeof(u64);
        // SAFETY: words are bytes.
        TRY(space_.write_remote(at_, {reinterpret_cast<const u8*>(words_.data()), size}));
        at_ += size;
        return {};
    }

  private:
    vm::AddressSpace& space_;
    u64 at_;
    std::array<u64, 128> words_;
    usize count_ = 0;
};

std::array<AuxiliaryEntry, 21> auxiliary_vector(const StackContent& content, u64 random, u64 platform,
                                                u64 path) {
    return {
        {content.vdso != 0 ? AuxiliaryEntry{Aux::SysinfoEhdr, content.vdso} : AuxiliaryEntry{Aux::Ignore, 0},
         {Aux::Hwcap, arch::hardware_capabilities()},
         {Aux::Pagesz, PAGE_SIZE},
         {Aux::Clktck, CLOCK_TICKS},
         {Aux::Phdr, content.program_headers},
         {Aux::Phent, PROGRAM_HEADER_SIZE},
         {Aux::Phnum, content.program_header_count},
         {Aux::Base, content.interpreter_base},
         {Aux::Flags, 0},
         {Aux::Entry, content.entry},
         {Aux::Uid, content.uid},
         {Aux::Euid, content.euid},
         {Aux::Gid, content.gid},
         {Aux::Egid, content.egid},
         {Aux::Secure, content.is_secure ? 1ULL : 0ULL},
         {Aux::Random, random},
         {Aux::Hwcap2, arch::hardware_capabilities_2()},
         {Aux::Execfn, path},
         {Aux::Platform, platform},
         {Aux::Minsigstksz, minimal_signal_stack()},
         {Aux::Null, 0}}};
}

}  // namespace

u64 minimal_signal_stack() {
    constexpr u64 FRAME_AND_ALIGNMENT = 440 + 64 + 16 + 8;
    return FRAME_AND_ALIGNMENT + arch::fpu_area_size();
}

Result<StackPlaces> write_stack(vm::AddressSpace& space, const StackContent& content) {
    const StringBlock& arguments = content.arguments.arguments;
    const StringBlock& environment = content.arguments.environment;
    StackWriter stack(space, content.top - sizeof(u64));  // Linux leaves a null word at the very top
    StackPlaces places;
    const u64 path = TRY(stack.push_text(content.path));
    places.environment_end = stack.position();
    places.environment_start = TRY(stack.push(environment));
    places.arguments_end = stack.position();
    places.arguments_start = TRY(stack.push(arguments));
    stack.skip(content.random_shift);
    stack.align(16);
    RandomAndPlatform constants;
    drivers::RANDOM.fill(constants.random);
    // SAFETY: a structure of bytes.
    const u64 random = TRY(stack.push({reinterpret_cast<const u8*>(&constants), sizeof(constants)}));
    const u64 platform = random + __builtin_offsetof(RandomAndPlatform, platform);

    const auto auxiliary = auxiliary_vector(content, random, platform, path);
    constexpr u64 COUNT_AND_NULLS = 3;
    stack.skip((COUNT_AND_NULLS + arguments.count() + environment.count() + 2 * auxiliary.size()) *
               sizeof(u64));
    stack.align(16);
    places.stack_pointer = stack.position();
    WordWriter words(space, places.stack_pointer);
    TRY(words.add(arguments.count()));
    TRY(words.add_pointers(arguments, places.arguments_start));
    TRY(words.add_pointers(environment, places.environment_start));
    for (const AuxiliaryEntry& entry : auxiliary) {
        TRY(words.add(static_cast<u64>(entry.type)));
        TRY(words.add(entry.value));
    }
    TRY(words.flush());
    return places;
}

}  // namespace exo::posix_x

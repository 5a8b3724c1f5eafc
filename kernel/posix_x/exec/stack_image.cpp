#include "posix_x/exec/stack_image.hpp"

#include "arch/interface.hpp"
#include "drivers/random/random.hpp"

namespace exo::posix_x {

namespace {

// Types of auxiliary entries (include/uapi/linux/auxvec.h).
enum class Aux : u64 {
    Null = 0,
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
    Minsigstksz = 51,
};

constexpr u64 PROGRAM_HEADER_SIZE = 56;
constexpr u64 CLOCK_TICKS = 100;

/// Grows downwards from the stack's top, writing as it goes.
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
    Result<u64> push_text(std::string_view text) {
        at_ -= 1;
        TRY(space_.write_remote(at_, {reinterpret_cast<const u8*>(""), 1}));   // SAFETY: a NUL byte
        return push({reinterpret_cast<const u8*>(text.data()), text.size()});  // SAFETY: characters are bytes
    }

  private:
    vm::AddressSpace& space_;
    u64 at_;
};

/// The words that the stack pointer points to: argc, argv, envp, auxv.
class WordList {
  public:
    Result<> add(u64 word) { return words_.push(word); }
    Result<> add(Aux type, u64 value) {
        TRY(words_.push(static_cast<u64>(type)));
        return words_.push(value);
    }
    /// A pointer to each string of `block`, which lies at `address`, and a null.
    Result<> add_pointers(const StringBlock& block, u64 address) {
        bool starts_string = true;
        for (usize i = 0; i < block.bytes().size(); ++i) {
            if (starts_string) TRY(add(address + i));
            starts_string = block.bytes()[i] == '\0';
        }
        return add(0);
    }
    usize size_in_bytes() const { return words_.size() * sizeof(u64); }
    // SAFETY: words are bytes.
    std::span<const u8> bytes() const {
        return {reinterpret_cast<const u8*>(words_.data()), size_in_bytes()};
    }

  private:
    Vector<u64> words_;
};

std::span<const u8> bytes_of_block(const StringBlock& block) {
    // SAFETY: characters are bytes.
    return {reinterpret_cast<const u8*>(block.bytes().data()), block.bytes().size()};
}

Result<> add_auxiliary(WordList& words, const StackContent& content, u64 random, u64 platform, u64 path) {
    TRY(words.add(Aux::Hwcap, arch::hardware_capabilities()));
    TRY(words.add(Aux::Pagesz, PAGE_SIZE));
    TRY(words.add(Aux::Clktck, CLOCK_TICKS));
    TRY(words.add(Aux::Phdr, content.program_headers));
    TRY(words.add(Aux::Phent, PROGRAM_HEADER_SIZE));
    TRY(words.add(Aux::Phnum, content.program_header_count));
    TRY(words.add(Aux::Base, content.interpreter_base));
    TRY(words.add(Aux::Flags, 0));
    TRY(words.add(Aux::Entry, content.entry));
    TRY(words.add(Aux::Uid, content.uid));
    TRY(words.add(Aux::Euid, content.euid));
    TRY(words.add(Aux::Gid, content.gid));
    TRY(words.add(Aux::Egid, content.egid));
    TRY(words.add(Aux::Secure, content.is_secure ? 1 : 0));
    TRY(words.add(Aux::Random, random));
    TRY(words.add(Aux::Hwcap2, arch::hardware_capabilities_2()));
    TRY(words.add(Aux::Execfn, path));
    TRY(words.add(Aux::Platform, platform));
    TRY(words.add(Aux::Minsigstksz, minimal_signal_stack()));
    return words.add(Aux::Null, 0);
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
    places.environment_start = TRY(stack.push(bytes_of_block(environment)));
    places.arguments_end = stack.position();
    places.arguments_start = TRY(stack.push(bytes_of_block(arguments)));
    stack.skip(content.random_shift);
    stack.align(16);
    const u64 platform = TRY(stack.push_text("x86_64"));
    u8 random_bytes[16];
    drivers::RANDOM.fill(random_bytes);
    const u64 random = TRY(stack.push(random_bytes));

    WordList words;
    TRY(words.add(arguments.count()));
    TRY(words.add_pointers(arguments, places.arguments_start));
    TRY(words.add_pointers(environment, places.environment_start));
    TRY(add_auxiliary(words, content, random, platform, path));
    stack.skip(words.size_in_bytes());
    stack.align(16);
    places.stack_pointer = stack.position();
    TRY(space.write_remote(places.stack_pointer, words.bytes()));
    return places;
}

}  // namespace exo::posix_x

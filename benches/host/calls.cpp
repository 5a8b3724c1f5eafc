// What a system call passes through: dispatch, the gate to capabilities, a driver.
#include <array>
#include <optional>

#include "bench.hpp"
#include "drivers/serial/uart.hpp"
#include "security/capability_table.hpp"
#include "syscall/syscall.hpp"

namespace exo::bench {
namespace {

constexpr u32 DESCRIPTORS = 64;

// ---- Dispatch: number to handler, words to parameters, result to words.

syscall::Answer<syscall::Count> add(syscall::Context&, syscall::Count32 first, syscall::Count second) {
    return first + second;
}

std::array<syscall::SyscallHandler, arch::SYSTEM_CALL_LIMIT> table;
arch::UserRegisters registers;

void run_dispatch(u64 count) {
    u64 number = 39;
    while (count-- != 0) {
        keep(number);
        syscall::SyscallHandler handler = table[number];
        keep(handler);
        auto outcome = handler(1, 2, 3, 4, 5, 6, registers);
        keep(outcome.value);
    }
}

// ---- verify(), and a descriptor to its object.

struct Thing final : Object {
    Thing() : Object(ObjectKind::File) {}
};
std::optional<security::TableUser> ours, shared, sharer;

void fill(security::TableUser& user) {
    for (u32 i = 0; i < DESCRIPTORS; ++i)
        MUST(user->install({MUST(make_ref<Thing>()), security::ALL_RIGHTS, nullptr}, security::OnExec::Keep,
                           DESCRIPTORS));
    REQUIRE(bool(user->verify(DESCRIPTORS - 1, security::Rights::Read)));
    REQUIRE(!user->verify(DESCRIPTORS, security::Rights::Read).is_open());
}

void run_verify(u64 count) {
    u32 number = 17;
    while (count-- != 0) {
        keep(number);
        bool is_granted = bool((*ours)->verify(number, security::Rights::Read));
        keep(is_granted);
    }
}

/// As posix_x does it for a file: the kind of the object is looked at, too.
template <std::optional<security::TableUser>& USER> void run_descriptor(u64 count) {
    u32 number = 17;
    while (count-- != 0) {
        keep(number);
        const security::CapabilityUse use = (*USER)->verify(number, security::Rights::Read);
        Object* object = use && use.object().object_kind() == ObjectKind::File ? &use.object() : nullptr;
        keep(object);
    }
}

// ---- A driver behind the common interface, with a chip that is always ready.

class ReadyChip final : public drivers::Ports {
  public:
    u8 read8(u16 port) override { return port == drivers::Uart::COM1 + LINE_STATUS ? EMPTY : 0; }
    exo::u32 read32(exo::u16) override { return ~0U; }
    void write8(u16, u8) override { ++written; }
    u64 written = 0;

  private:
    static constexpr u16 LINE_STATUS = 5;
    static constexpr u8 EMPTY = 0x60;
};
ReadyChip chip;
drivers::Uart uart{"ttyS0", chip, drivers::Uart::COM1, drivers::Uart::COM1_LINE};

void run_driver(u64 count) {
    drivers::Driver* driver = &uart;
    const u8 byte = 'x';
    while (count-- != 0) {
        keep(driver);
        auto result = driver->write(std::span{&byte, 1});
        keep(*result);
    }
}

void prepare() {
    table.fill(&syscall::detail::Thunk<&add, decltype(&add)>::call);
    REQUIRE(table[39](1, 2, 0, 0, 0, 0, registers).value == 3);
    ours = MUST(security::TableUser::create());
    shared = MUST(security::TableUser::create());
    fill(*ours);
    fill(*shared);
    sharer = shared->share();
    REQUIRE(ours->is_only_user() && !shared->is_only_user());
    const u8 byte = 'x';
    REQUIRE(MUST(static_cast<drivers::Driver&>(uart).write(std::span{&byte, 1})) == 1 && chip.written != 0);
}

const Operation OPERATIONS[] = {
    {"dispatch", 20'000, &run_dispatch},
    {"verify", 20'000, &run_verify},
    {"descriptor", 20'000, &run_descriptor<ours>},
    {"descriptor_shared", 20'000, &run_descriptor<shared>},
    {"driver", 20'000, &run_driver},
    {},
};

}  // namespace
extern const Family CALL_FAMILY{&prepare, OPERATIONS};
}  // namespace exo::bench

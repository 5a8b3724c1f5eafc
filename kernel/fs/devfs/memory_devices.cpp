#include "fs/devfs/memory_devices.hpp"

#include "abi/linux/system.hpp"
#include "scheduler/preemption.hpp"
#include "vm/user_memory.hpp"

namespace exo::fs {

namespace {

constinit std::atomic<devfs::RandomSource> random_source{nullptr};
constinit std::atomic<const devfs::RandomAdministration*> random_administration{nullptr};

enum class MemoryMinor : u32 { Null = 3, Zero = 5, Full = 7, Random = 8, Urandom = 9 };

/// A file whose position is always 0: lseek returns 0, pread and pwrite work.
class MemoryFile : public DeviceFile {
  public:
    explicit MemoryFile(OpenRequest&& request, SplicePolicy splice = SplicePolicy::Refused,
                        NowaitPolicy nowait = NowaitPolicy::Accepted)
        : DeviceFile(std::move(request), {.seek = SeekPolicy::Fixed, .splice = splice, .nowait = nowait}) {}
    Result<u64> do_seek(u64, i64, abi::SeekWhence) override { return 0ULL; }
    bool can_be_watched() const override { return false; }
};

class NullFile final : public MemoryFile {
  public:
    explicit NullFile(OpenRequest&& request) : MemoryFile(std::move(request), SplicePolicy::TakesOnly) {}
    Result<usize> do_read(vm::OutBuffer&, u64) override { return 0UZ; }
    Result<usize> do_write(vm::InBuffer& from, u64&, const WriteContext&) override {
        return from.remaining();
    }
};

/// Writes zeros up to the end of the buffer, or until a signal is pending. LINUX: read_iter_zero. Errors:
/// Efault.
Result<usize> give_zeros(vm::OutBuffer& to) {
    constexpr usize PIECE_SIZE = 64 * KIB;
    if (to.remaining() <= PIECE_SIZE) return to.write_zeros(to.remaining());
    usize done = 0;
    while (to.remaining() != 0) {
        const usize wanted = to.remaining() < PIECE_SIZE ? to.remaining() : PIECE_SIZE;
        const auto moved = to.write_zeros(wanted);
        if (!moved && done == 0) return moved;
        if (!moved) break;
        done += *moved;
        if (*moved < wanted || !scheduler::preempt_point(scheduler::WaitMode::Interruptible)) break;
    }
    return done;
}

class ZeroFile final : public MemoryFile {
  public:
    using MemoryFile::MemoryFile;
    Result<Ref<vm::PageSource>> page_source() override { return Ref<vm::PageSource>(); }
    Result<usize> do_read(vm::OutBuffer& to, u64) override { return give_zeros(to); }
    Result<usize> do_write(vm::InBuffer& from, u64&, const WriteContext&) override {
        return from.remaining();
    }
};

class FullFile final : public MemoryFile {
  public:
    explicit FullFile(OpenRequest&& request)
        : MemoryFile(std::move(request), SplicePolicy::Refused, NowaitPolicy::Refused) {}
    Result<usize> do_read(vm::OutBuffer& to, u64) override { return give_zeros(to); }
    Result<usize> do_write(vm::InBuffer&, u64&, const WriteContext&) override { return Error::Enospc; }
};

class RandomFile final : public MemoryFile {
  public:
    /// LINUX: /dev/urandom has no poll operation.
    enum class Polling : u8 { Possible, Impossible };
    RandomFile(OpenRequest&& request, Polling polling)
        : MemoryFile(std::move(request), SplicePolicy::GivesAndTakes),
          polling_(polling) {}
    bool has_signals_for_input() const override { return true; }
    bool can_be_watched() const override { return polling_ == Polling::Possible; }

    Result<usize> do_read(vm::OutBuffer& to, u64) override {
        const auto source = random_source.load(std::memory_order_acquire);
        if (source == nullptr) return Error::Eagain;
        usize done = 0;
        while (to.remaining() != 0) {
            u8 piece[PIECE_SIZE];
            const usize count = to.remaining() < PIECE_SIZE ? to.remaining() : PIECE_SIZE;
            TRY(source({piece, count}));
            const auto moved = to.write({piece, count});
            if (!moved && done == 0) return moved;
            if (!moved || *moved == 0) break;
            done += *moved;
            scheduler::preempt_point();
            // LINUX: a signal ends it after a whole page (get_random_bytes_user).
            if (done % PAGE_SIZE == 0 && !scheduler::check_interrupted(scheduler::WaitMode::Interruptible))
                break;
        }
        return done;
    }

    Result<usize> do_write(vm::InBuffer& from, u64&, const WriteContext&) override {
        return mix_in(from, Trust::None);
    }

    Result<u64> ioctl(FileCommand request) override;

  private:
    using Trust = devfs::RandomAdministration::Trust;
    static Result<usize> mix_in(vm::InBuffer& from, Trust trust);
    static Result<> add_entropy(u64 argument);
    static constexpr usize PIECE_SIZE = 256;
    Polling polling_;
};

Result<usize> RandomFile::mix_in(vm::InBuffer& from, Trust trust) {
    const auto* const administration = random_administration.load(std::memory_order_acquire);
    usize done = 0;
    while (from.remaining() != 0) {
        u8 piece[PIECE_SIZE];
        const auto moved = from.read(piece);
        if (!moved && done == 0) return moved;
        if (!moved || *moved == 0) break;
        if (administration != nullptr) administration->add({piece, *moved}, trust);
        done += *moved;
        scheduler::preempt_point();
        // LINUX: a signal ends it after a whole page (write_pool_user).
        if (done % PAGE_SIZE == 0 && !scheduler::check_interrupted(scheduler::WaitMode::Interruptible)) break;
    }
    return done;
}

/// RNDADDENTROPY: adds bytes with a claimed number of unpredictable bits. This kernel credits all of the bits
/// or none.
Result<> RandomFile::add_entropy(u64 argument) {
    const auto header = TRY(vm::UserIn<abi::rand_pool_info>(argument).read());
    if (header.entropy_count < 0) return Error::Einval;
    if (header.buf_size < 0) return Error::Efault;
    const auto size = static_cast<usize>(header.buf_size);
    const bool is_trusted = static_cast<usize>(header.entropy_count) >= size * 8;
    vm::InBuffer bytes = vm::InBuffer::from_user(argument + sizeof(header), size);
    const usize done = TRY(mix_in(bytes, is_trusted ? Trust::Full : Trust::None));
    return done == size ? Result<>() : Result<>(Error::Efault);
}

/// LINUX: random_ioctl. After the first seed the pool reports 256 bits, whatever is added, removed or cleared
/// (since 5.18).
Result<u64> RandomFile::ioctl(FileCommand request) {
    using abi::RandomIoctl;
    constexpr i32 POOL_BITS = 256;
    const auto* const administration = random_administration.load(std::memory_order_acquire);
    if (administration == nullptr) return Error::Einval;
    const auto command = request.as<RandomIoctl>();
    switch (command) {
        case RandomIoctl::GetEntropyCount:
            TRY(vm::UserOut<i32>(request.argument).write(administration->is_seeded() ? POOL_BITS : 0));
            return 0ULL;
        case RandomIoctl::AddToEntropyCount:
        case RandomIoctl::AddEntropy:
        case RandomIoctl::ZeroEntropyCount:
        case RandomIoctl::ClearPool:
        case RandomIoctl::Reseed: break;
        default: return Error::Einval;
    }
    if (!administration->may_administer()) return Error::Eperm;
    if (command == RandomIoctl::AddToEntropyCount && TRY(vm::UserIn<i32>(request.argument).read()) < 0)
        return Error::Einval;
    if (command == RandomIoctl::AddEntropy) TRY(add_entropy(request.argument));
    if (command == RandomIoctl::Reseed) {
        if (!administration->is_seeded()) return Error::Enodata;
        administration->reseed();
    }
    return 0ULL;
}

class MemoryDevice final : public Device {
  public:
    Result<Ref<File>> open(OpenRequest&& request, abi::DeviceNumber number) override {
        switch (static_cast<MemoryMinor>(number.minor)) {
            case MemoryMinor::Null: return make_ref<NullFile>(std::move(request));
            case MemoryMinor::Zero: return make_ref<ZeroFile>(std::move(request));
            case MemoryMinor::Full: return make_ref<FullFile>(std::move(request));
            case MemoryMinor::Random:
                return make_ref<RandomFile>(std::move(request), RandomFile::Polling::Possible);
            case MemoryMinor::Urandom:
                return make_ref<RandomFile>(std::move(request), RandomFile::Polling::Impossible);
        }
        return Error::Enxio;
    }
};

struct Node {
    std::string_view name;
    MemoryMinor minor;
};
constexpr Node NODES[] = {{"null", MemoryMinor::Null},
                          {"zero", MemoryMinor::Zero},
                          {"full", MemoryMinor::Full},
                          {"random", MemoryMinor::Random},
                          {"urandom", MemoryMinor::Urandom}};

}  // namespace

namespace devfs {

void set_random_source(RandomSource source) { random_source.store(source, std::memory_order_release); }

void set_random_administration(const RandomAdministration& administration) {
    random_administration.store(&administration, std::memory_order_release);
}

}  // namespace devfs

Result<> register_memory_devices() {
    constexpr u32 MAJOR = 1;
    constexpr u32 MINORS = 16;
    Ref<Device> device = TRY(make_ref<MemoryDevice>());
    TRY(register_device(DeviceClass::Character, {MAJOR, 0}, MINORS, "mem", std::move(device)));
    for (const Node& node : NODES)
        TRY(devfs::add_node(node.name, 0666, DeviceClass::Character, {MAJOR, static_cast<u32>(node.minor)}));
    return {};
}

}  // namespace exo::fs

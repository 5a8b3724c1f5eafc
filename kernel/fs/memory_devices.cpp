#include "fs/memory_devices.hpp"

#include "scheduler/preemption.hpp"

namespace exo::fs {

namespace {

constinit std::atomic<devfs::RandomSource> random_source{nullptr};
constinit std::atomic<devfs::EntropySink> entropy_sink{nullptr};

enum class MemoryMinor : u32 { Null = 3, Zero = 5, Full = 7, Random = 8, Urandom = 9 };

/// Has a position in name only: lseek says 0, pread and pwrite work.
class MemoryFile : public DeviceFile {
  public:
    explicit MemoryFile(OpenRequest&& request,
                        FileTraits more = FileTraits::GivesNoPages | FileTraits::TakesNoPages)
        : DeviceFile(std::move(request), FileTraits::Seekable | FileTraits::FixedPosition | more) {}
    Result<u64> do_seek(u64, i64, abi::SeekWhence) override { return 0ULL; }
};

class NullFile final : public MemoryFile {
  public:
    explicit NullFile(OpenRequest&& request) : MemoryFile(std::move(request), FileTraits::GivesNoPages) {}
    Result<usize> do_read(vm::OutBuffer&, u64) override { return 0UZ; }
    Result<usize> do_write(vm::InBuffer& from, u64&, const WriteContext&) override {
        return from.remaining();
    }
};

/// Zeros to the end of the buffer, or until a signal comes. LINUX: read_iter_zero. Errors: Efault.
Result<usize> give_zeros(vm::OutBuffer& to) {
    constexpr usize PIECE_SIZE = 64 * KIB;
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
    using MemoryFile::MemoryFile;
    Result<usize> do_read(vm::OutBuffer& to, u64) override { return give_zeros(to); }
    Result<usize> do_write(vm::InBuffer&, u64&, const WriteContext&) override { return Error::Enospc; }
};

class RandomFile final : public MemoryFile {
  public:
    explicit RandomFile(OpenRequest&& request) : MemoryFile(std::move(request), FileTraits::None) {}
    bool has_signals_for_input() const override { return true; }

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
            if (done % PAGE_SIZE == 0 && !scheduler::check_interrupted(scheduler::WaitMode::Interruptible)) break;
        }
        return done;
    }

    Result<usize> do_write(vm::InBuffer& from, u64&, const WriteContext&) override {
        const auto sink = entropy_sink.load(std::memory_order_acquire);
        usize done = 0;
        while (from.remaining() != 0) {
            u8 piece[PIECE_SIZE];
            const auto moved = from.read(piece);
            if (!moved && done == 0) return moved;
            if (!moved || *moved == 0) break;
            if (sink != nullptr) sink({piece, *moved});
            done += *moved;
            scheduler::preempt_point();
            // LINUX: write_pool_user
            if (done % PAGE_SIZE == 0 && !scheduler::check_interrupted(scheduler::WaitMode::Interruptible)) break;
        }
        return done;
    }

  private:
    static constexpr usize PIECE_SIZE = 256;
};

class MemoryDevice final : public Device {
  public:
    Result<Ref<File>> open(OpenRequest&& request, abi::DeviceNumber number) override {
        switch (static_cast<MemoryMinor>(number.minor)) {
            case MemoryMinor::Null: return make_ref<NullFile>(std::move(request));
            case MemoryMinor::Zero: return make_ref<ZeroFile>(std::move(request));
            case MemoryMinor::Full: return make_ref<FullFile>(std::move(request));
            case MemoryMinor::Random:
            case MemoryMinor::Urandom: return make_ref<RandomFile>(std::move(request));
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

void set_entropy_sink(EntropySink sink) { entropy_sink.store(sink, std::memory_order_release); }

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

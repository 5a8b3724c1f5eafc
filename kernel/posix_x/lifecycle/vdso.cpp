#include "posix_x/lifecycle/vdso.hpp"

#include <array>
#include <cstring>

#include "abi/exo/clock_page.hpp"
#include "arch/vdso_image.hpp"
#include "drivers/random/random.hpp"
#include "time/clock.hpp"

namespace exo::posix_x {

namespace {

using abi::MapFlags;
using memory::FrameRef;
using vm::Protection;

/// The source of the vDSO's pages: page 0 is the clock data, page 1 is the code.
class VdsoSource final : public vm::PageSource {
  public:
    VdsoSource(FrameRef clocks, FrameRef code)
        : PageSource(ObjectKind::Plain, Pages::Stay),
          frames_{std::move(clocks), std::move(code)} {}
    Result<FrameRef> get_page(u64 index, vm::PageAccess) override {
        if (index >= frames_.size()) return Error::Einval;
        return frames_[index];
    }
    FrameRef peek_page(u64 index) override { return index < frames_.size() ? frames_[index] : FrameRef{}; }
    std::string_view special_name(u64 index) const override { return index == 0 ? "[vvar]" : "[vdso]"; }

  private:
    std::array<FrameRef, 2> frames_;
};

/// Made at boot, and never freed.
constinit VdsoSource* the_source = nullptr;

constexpr u64 SIZE = 2 * PAGE_SIZE;

/// Chooses an address above the stack. LINUX: within the range that the page table of the stack's top covers.
u64 choose_place(u64 stack_top) {
    constexpr u64 TABLE_SIZE = 2 * MIB;
    const u64 start = align_up(stack_top, PAGE_SIZE);
    const u64 end = std::min(align_up(start + SIZE, TABLE_SIZE), memory::USER_END) - SIZE;
    if (end <= start) return start;
    const u64 places = ((end - start) >> PAGE_SHIFT) + 1;
    return start + ((drivers::RANDOM.next_u64() % places) << PAGE_SHIFT);
}

Result<u64> map_page(vm::AddressSpace& space, u64 page, u64 address, MapFlags place) {
    vm::MapRequest request;
    request.address = address;
    request.length = PAGE_SIZE;
    request.flags = MapFlags::Private | place;
    request.offset = page * PAGE_SIZE;
    request.source = Ref<vm::PageSource>(the_source);
    if (page == 0) {
        request.protection = request.allowed = Protection::Read;
    } else {
        // A debugger may put a breakpoint into its own copy.
        request.protection = Protection::Read | Protection::Exec;
    }
    return space.map(std::move(request));
}

/// Finds room for both pages as mmap does.
Result<u64> find_room(vm::AddressSpace& space, u64 hint) {
    vm::MapRequest request;
    request.address = hint;
    request.length = SIZE;
    request.flags = MapFlags::Private | MapFlags::Anonymous | MapFlags::Noreserve;
    const u64 address = TRY(space.map(std::move(request)));
    TRY(space.unmap(address, SIZE));
    return address;
}

}  // namespace

Result<> start_vdso() {
    const std::span<const u8> image = arch::vdso_image();
    if (image.empty()) return {};
    ASSERT(image.size() <= PAGE_SIZE);
    FrameRef clocks = TRY(FrameRef::allocate_zeroed());
    FrameRef code = TRY(FrameRef::allocate_zeroed());
    std::memcpy(code.data(), image.data(), image.size());
    // SAFETY: the page is zeroed, which a ClockPage of numbers may be, and stays as long as the kernel runs.
    auto& page = *reinterpret_cast<abi::ClockPage*>(clocks.data());
    the_source = TRY(make_ref<VdsoSource>(std::move(clocks), std::move(code))).leak();
    time::publish_clock(page);
    return {};
}

Result<u64> map_vdso(vm::AddressSpace& space, u64 stack_top) {
    if (the_source == nullptr) return u64{0};
    const u64 chosen = choose_place(stack_top);
    if (map_page(space, 0, chosen, MapFlags::FixedNoreplace)) {
        const Result<u64> code = map_page(space, 1, chosen + PAGE_SIZE, MapFlags::FixedNoreplace);
        if (code) return code;
        TRY(space.unmap(chosen, PAGE_SIZE));
    }
    const u64 address = TRY(find_room(space, chosen));
    TRY(map_page(space, 0, address, MapFlags::Fixed));
    return map_page(space, 1, address + PAGE_SIZE, MapFlags::Fixed);
}

}  // namespace exo::posix_x

// mmap(2): chooses the address and makes the mapping. The order of the checks is Linux's (mm/mmap.c,
// do_mmap).
#include <algorithm>

#include "utils/scope.hpp"
#include "vm/anonymous_source.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"

namespace exo::vm {

using abi::has;

namespace {

constexpr u64 LOW_2_GIB = 0x8000'0000;

/// LINUX: the flags that MAP_SHARED_VALIDATE accepts. The older types ignore unknown flags.
constexpr MapFlags VALIDATED =
    MapFlags::TypeMask | MapFlags::Fixed | MapFlags::Anonymous | MapFlags::Low32bit | MapFlags::Denywrite |
    MapFlags::Executable | MapFlags::Uninitialized | MapFlags::Growsdown | MapFlags::Locked |
    MapFlags::Noreserve | MapFlags::Populate | MapFlags::Nonblock | MapFlags::Stack | MapFlags::Hugetlb;

MapFlags type_of(const MapRequest& request) { return request.flags & MapFlags::TypeMask; }
bool is_shared(const MapRequest& request) { return type_of(request) != MapFlags::Private; }
/// A file may have no source: /dev/zero gives anonymous memory.
bool is_of_file(const MapRequest& request) { return request.source || request.file; }
constexpr u64 LAST_ERRNO = 4095;

bool is_fixed(const MapRequest& request) {
    return has(request.flags, MapFlags::Fixed | MapFlags::FixedNoreplace);
}

/// Checks whether the file can be mapped as requested. Errors: Eoverflow, Eopnotsupp, Einval, Eacces.
Result<> check_type(const MapRequest& request, u64 length) {
    if (is_of_file(request) && request.offset > request.file_end - length) return Error::Eoverflow;
    const MapFlags type = type_of(request);
    if (type == MapFlags::SharedValidate && is_of_file(request)) {
        if (has(request.flags, ~VALIDATED)) return Error::Eopnotsupp;
    } else if (type != MapFlags::Shared && type != MapFlags::Private) {
        return Error::Einval;
    }
    TRY(request.file_answer);
    if (has(request.flags, MapFlags::Growsdown) && (is_of_file(request) || is_shared(request)))
        return Error::Einval;
    // Through a file that is not open for it.
    if (has(request.protection & ~request.allowed, Protection::Read | Protection::Write | Protection::Exec))
        return Error::Eacces;
    return {};
}

AreaKind kind_of(const MapRequest& request) {
    AreaKind kind;
    kind.flags = key_for(request.protection);
    kind.protection = request.protection & (Protection::Read | Protection::Write | Protection::Exec);
    kind.allowed = request.allowed;
    if (is_shared(request)) kind.flags |= AreaFlags::Shared;
    if (has(request.flags, MapFlags::Growsdown)) kind.flags |= AreaFlags::GrowsDown;
    if (has(request.flags, MapFlags::Noreserve)) kind.flags |= AreaFlags::NoReserve;
    if (request.source && !request.source->special_name(request.offset >> PAGE_SHIFT).empty())
        kind.flags |= AreaFlags::Special;
    const bool is_charged = !is_shared(request) && has(kind.protection, Protection::Write) &&
                            !has(kind.flags, AreaFlags::NoReserve);
    if (is_charged) kind.flags |= AreaFlags::Charged;
    return kind;
}

constexpr u64 HUGE_PAGE_SIZE = 2 << 20;

}  // namespace

Result<u64> AddressSpace::Edit::place(const MapRequest& request, u64 length) const {
    if (length > memory::USER_END) return Error::Enomem;
    if (is_fixed(request)) {
        if (has(request.flags, MapFlags::Hugetlb) && !is_aligned(request.address, HUGE_PAGE_SIZE))
            return Error::Einval;
        // LINUX: such an address is taken for the number of an error, which it returns (IS_ERR_VALUE).
        if (request.address > ~0ULL - LAST_ERRNO) return static_cast<Error>(0 - request.address);
        if (request.address > memory::USER_END - length) return Error::Enomem;
        if (!is_aligned(request.address, PAGE_SIZE)) return Error::Einval;
        return request.address;
    }
    const u64 low = align_up(request.min_address, PAGE_SIZE);
    u64 hint = align_down(request.address, PAGE_SIZE);
    if (hint != 0 && hint < low) hint = low;
    const u64 high = has(request.flags, MapFlags::Low32bit) ? LOW_2_GIB : memory::USER_END;
    if (hint != 0 && hint <= high && length <= high - hint && areas().is_gap(hint, hint + length))
        return hint;
    if (high == LOW_2_GIB) return areas().find_gap_bottom_up(length, LOW_2_GIB / 2, high);
    if (state().layout.search == SpaceLayout::Search::TopDown) {
        if (const auto found = areas().find_gap_top_down(length, low, state().layout.map_top)) return *found;
    }
    return areas().find_gap_bottom_up(length, align_up(memory::USER_END / 3, PAGE_SIZE), memory::USER_END);
}

/// LINUX: may_expand_vm. Memory that a fixed mapping replaces does not count.
Result<> AddressSpace::Edit::check_limits(const AreaKind& kind, u64 bytes, AreaSet::Overlap replaced) const {
    const MemoryLimits limits = this->limits();
    if (areas().total_bytes() - replaced.total + bytes > limits.address_space) return Error::Enomem;
    const bool is_data =
        has(kind.protection, Protection::Write) && !has(kind.flags, AreaFlags::Shared | AreaFlags::GrowsDown);
    const u64 data = is_data ? areas().data_bytes() - replaced.data + bytes : 0;
    return data > limits.mapped_data() ? Result<>(Error::Enomem) : Result<>();
}

Result<u64> AddressSpace::Edit::map(MapRequest& request, u64 length) {
    AreaSet& areas = this->areas();
    if (areas.is_full()) return Error::Enomem;
    const u64 start = TRY(place(request, length));
    const u64 end = start + length;
    if (has(request.flags, MapFlags::FixedNoreplace) && areas.overlaps(start, end)) return Error::Eexist;
    if (start < request.min_address && !limits().may_map_low) return Error::Eperm;
    AreaKind kind = kind_of(request);
    if (!has(kind.flags, AreaFlags::Special)) kind.flags |= state().future_lock;
    if (has(request.flags, MapFlags::Locked)) {
        if (limits().locked == 0) return Error::Eperm;
        kind.flags |= AreaFlags::Locked;
    }
    TRY(check_lock_limit(kind, length));
    TRY(check_type(request, length));
    const AreaSet::Overlap replaced = areas.measure(start, end);
    TRY(check_limits(kind, length, replaced));
    // LINUX: hugetlbfs_file_mmap checks the offset before it looks for pages. There is no pool of huge pages.
    if (has(request.flags, MapFlags::Hugetlb))
        return is_aligned(request.offset, HUGE_PAGE_SIZE) ? Error::Enomem : Error::Einval;

    // A concurrent refuse_writers already sees this mapping.
    const bool may_write =
        is_shared(request) && request.source && abi::has(request.allowed, Protection::Write);
    const Ref<PageSource> written = may_write ? request.source : nullptr;
    if (written) TRY(written->begin_writable_mapping());
    const ScopeExit mapped{[&] {
        if (written) written->end_writable_mapping();
    }};

    // Everything that can fail comes before the old mapping goes.
    if (is_shared(request) && !request.source) {
        Ref<AnonymousSource> memory =
            TRY(AnonymousSource::create(length >> PAGE_SHIFT, !has(kind.flags, AreaFlags::NoReserve)));
        request.source = std::move(memory);
        request.offset = 0;
    }
    Box<Area> area = TRY(make_box<Area>(space_, start, end, kind));
    if (has(kind.flags, AreaFlags::Charged)) TRY(charge_commit(length >> PAGE_SHIFT));
    area->source = std::move(request.source);
    area->file = std::move(request.file);
    area->source_page = (area->source || area->file ? request.offset : start) >> PAGE_SHIFT;
    if (const auto unmapped = replaced.total != 0 ? unmap(start, end) : Result<>(); !unmapped) {
        if (has(kind.flags, AreaFlags::Charged)) uncharge_commit(length >> PAGE_SHIFT);
        // The references must outlive the lock.
        request.source = std::move(area->source);
        request.file = std::move(area->file);
        return unmapped.error();
    }
    areas.insert(*area.release(), removed_);
    note_peak();
    return start;
}

Result<u64> AddressSpace::map(MapRequest request) {
    if (!is_aligned(request.offset, PAGE_SIZE)) return Error::Einval;
    if (has(request.flags, MapFlags::Hugetlb) && is_of_file(request)) return Error::Einval;
    if (request.length == 0) return Error::Einval;
    const u64 length = align_up(request.length, PAGE_SIZE);
    if (length == 0) return Error::Enomem;
    bool is_wanted_now = (request.flags & (MapFlags::Populate | MapFlags::Nonblock)) == MapFlags::Populate;
    u64 start;
    {
        Edit edit(*this);
        const bool may_be_locked =
            has(request.flags, MapFlags::Locked) || edit.state().future_lock != AreaFlags::None;
        start = TRY(edit.map(request, length));
        is_wanted_now = is_wanted_now || (may_be_locked && edit.areas().find(start)->is_locked());
    }
    if (is_wanted_now) populate(start, length);
    return start;
}

// ---- brk(2): the heap is one anonymous area that grows and shrinks at its end. LINUX: mm/mmap.c, SYSCALL brk.

u64 AddressSpace::brk(u64 address) {
    AddressRange to_populate;
    const u64 result = Edit(*this).move_break(address, to_populate);
    if (to_populate.size() != 0) populate(to_populate.start, to_populate.size());
    return result;
}

u64 AddressSpace::Edit::move_break(u64 address, AddressRange& to_populate) {
    const u64 heap_start = state().layout.brk_start;
    const u64 old_break = state().brk_end;
    if (heap_start == 0 || address < heap_start || address > memory::USER_END - PAGE_SIZE) return old_break;
    if (address - heap_start > limits().data) return old_break;
    const u64 old_end = align_up(old_break, PAGE_SIZE);
    const u64 new_end = align_up(address, PAGE_SIZE);
    if (new_end < old_end) {
        if (!unmap(new_end, old_end)) return old_break;
    } else if (new_end > old_end) {
        // One page more than needed must be free, and a stack's guard gap.
        if (!areas().is_gap(old_end, new_end + PAGE_SIZE)) return old_break;
        MapRequest request;
        request.address = old_end;
        request.protection = Protection::Read | Protection::Write;
        request.flags = MapFlags::Private | MapFlags::Anonymous | MapFlags::Fixed;
        request.min_address = 0;
        if (!map(request, new_end - old_end)) return old_break;
        if (has(state().future_lock, AreaFlags::Locked)) to_populate = {old_end, new_end};
    }
    state().brk_end = address;
    return address;
}

}  // namespace exo::vm

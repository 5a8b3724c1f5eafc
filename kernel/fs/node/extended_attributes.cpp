#include "fs/node/extended_attributes.hpp"

#include "scheduler/preemption.hpp"
#include "utils/box.hpp"

namespace exo::fs {

ExtendedAttributes::~ExtendedAttributes() {
    while (Entry* entry = names_.root()) {
        forget(*entry);
        scheduler::preempt_point();
    }
}

void ExtendedAttributes::forget(Entry& entry) {
    bytes_ -= cost(entry.name, entry.value.size());
    names_.remove(entry);
    newest_first_.remove(entry);
    delete &entry;
}

const Vector<u8>* ExtendedAttributes::find(std::string_view name) const {
    const Entry* entry = names_.find(name);
    return entry != nullptr ? &entry->value : nullptr;
}

// LINUX: simple_xattr_set. A value that is replaced keeps its place in the list.
Result<> ExtendedAttributes::set(std::string_view name, std::span<const u8> value, abi::XattrFlags flags) {
    Entry* old = names_.find(name);
    if (old != nullptr && abi::has(flags, abi::XattrFlags::Create)) return Error::Eexist;
    if (old == nullptr && abi::has(flags, abi::XattrFlags::Replace)) return Error::Enodata;
    Vector<u8> copy;
    TRY(copy.append(value));
    if (old != nullptr) {
        bytes_ -= cost(name, old->value.size());
        old->value = std::move(copy);
    } else {
        Box<Entry> entry = TRY(make_box<Entry>(TRY(String::from(name)), std::move(copy)));
        names_.insert(*entry);
        newest_first_.push_front(*entry.release());
    }
    bytes_ += cost(name, value.size());
    return {};
}

Result<> ExtendedAttributes::remove(std::string_view name) {
    Entry* entry = names_.find(name);
    if (entry == nullptr) return Error::Enodata;
    forget(*entry);
    return {};
}

Result<> ExtendedAttributes::for_each(FunctionRef<Result<>(std::string_view name)> visit) const {
    for (const Entry& entry : newest_first_) {
        TRY(visit(entry.name));
        TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
    }
    return {};
}

}  // namespace exo::fs

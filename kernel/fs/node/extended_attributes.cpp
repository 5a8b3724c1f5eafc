#include "fs/node/extended_attributes.hpp"

namespace exo::fs {

usize ExtendedAttributes::index_of(std::string_view name) const {
    usize index = 0;
    while (index < entries_.size() && std::string_view(entries_[index].name) != name) ++index;
    return index;
}

const Vector<u8>* ExtendedAttributes::find(std::string_view name) const {
    const usize index = index_of(name);
    return index < entries_.size() ? &entries_[index].value : nullptr;
}

// LINUX: simple_xattr_set. A value that is replaced keeps its place in the list.
Result<> ExtendedAttributes::set(std::string_view name, std::span<const u8> value, abi::XattrFlags flags) {
    const usize index = index_of(name);
    const bool is_there = index < entries_.size();
    if (is_there && abi::has(flags, abi::XattrFlags::Create)) return Error::Eexist;
    if (!is_there && abi::has(flags, abi::XattrFlags::Replace)) return Error::Enodata;
    Vector<u8> copy;
    TRY(copy.append(value));
    if (is_there) {
        bytes_ -= cost(name, entries_[index].value.size());
        entries_[index].value = std::move(copy);
    } else {
        TRY(entries_.push({TRY(String::from(name)), std::move(copy)}));
    }
    bytes_ += cost(name, value.size());
    return {};
}

Result<> ExtendedAttributes::remove(std::string_view name) {
    const usize index = index_of(name);
    if (index == entries_.size()) return Error::Enodata;
    bytes_ -= cost(name, entries_[index].value.size());
    entries_.erase(index);
    return {};
}

void ExtendedAttributes::for_each(FunctionRef<void(std::string_view name)> visit) const {
    for (usize index = entries_.size(); index > 0; --index) visit(entries_[index - 1].name);
}

}  // namespace exo::fs

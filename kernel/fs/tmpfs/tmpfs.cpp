#include "fs/tmpfs/tmpfs.hpp"

#include "fs/cache/backing_store.hpp"
#include "fs/cache/reclaim.hpp"
#include "fs/node/extended_attributes.hpp"
#include "fs/tmpfs/tmpfs_file.hpp"
#include "fs/tree/name_tree.hpp"
#include "utils/format.hpp"

namespace exo::fs::tmpfs {

namespace {

constinit u64 total_memory = 0;

Result<MountableTree> mount_tmpfs(std::string_view, std::string_view text) {
    return create(TRY(parse_options(text, default_options(), total_memory)), "tmpfs");
}

/// ramfs knows a mode only, and ignores what it does not know.
Result<MountableTree> mount_ramfs(std::string_view, std::string_view text) {
    const auto options = parse_options(text, {.mode = 0755}, total_memory);
    return create({.mode = options ? options->mode : 0755}, "ramfs");
}

constinit FileSystemType tmpfs_type{.name = "tmpfs", .mount = mount_tmpfs};
constinit FileSystemType ramfs_type{.name = "ramfs", .mount = mount_ramfs};

}  // namespace

void init(u64 total_memory_bytes) {
    total_memory = total_memory_bytes;
    register_file_system(tmpfs_type);
    register_file_system(ramfs_type);
}

Options default_options() {
    const u64 pages = total_memory / PAGE_SIZE / 2;
    return {.max_bytes = pages * PAGE_SIZE, .max_inodes = pages};
}

Result<MountableTree> create(const Options& options, std::string_view type_name) {
    Ref<PageBudget> budget = TRY(make_ref<PageBudget>(divide_round_up(options.max_bytes, PAGE_SIZE)));
    Ref<TmpfsFileSystem> file_system = TRY(make_ref<TmpfsFileSystem>(type_name, options, std::move(budget)));
    Ref<Inode> root = TRY(file_system->make_inode(
        {.mode = abi::mode::DIRECTORY | options.mode, .uid = options.uid, .gid = options.gid}));
    Ref<Dentry> dentry = TRY(Dentry::create_root(std::move(root)));
    return MountableTree{std::move(file_system), std::move(dentry)};
}

// ---- TmpfsFileSystem

TmpfsFileSystem::TmpfsFileSystem(std::string_view type_name, const Options& options, Ref<PageBudget> budget)
    : FileSystem(type_name),
      options_(options),
      budget_(std::move(budget)),
      max_inodes_(options.max_inodes),
      inode_numbers_(options.inode_numbers),
      entry_size_(type_name == "ramfs" ? 0 : 20) {}

u64 TmpfsFileSystem::new_inode_number() {
    if (inode_numbers_.load(std::memory_order_relaxed) == InodeNumbers::Bits64) return next_inode_number();
    // They start again at 1: 0 would mean a deleted entry.
    while (true) {
        const u64 number = next_inode_number() & 0xffff'ffff;
        if (number != 0) return number;
    }
}

Result<> TmpfsFileSystem::take_inode() {
    const u64 before = inodes_.fetch_add(1, std::memory_order_relaxed);
    const u64 limit = max_inodes_.load(std::memory_order_relaxed);
    if (limit == 0 || before < limit) return {};
    give_inode_back();
    return Error::Enospc;
}

Result<Ref<Inode>> TmpfsFileSystem::make_symlink(const NewNode& node) {
    String text = TRY(String::from(node.target));
    const bool takes_page = has_limits() && TmpfsSymlink::is_long(node.target);
    if (takes_page) TRY(budget_->take());
    auto made = make_ref<TmpfsSymlink>(*this, node, std::move(text), takes_page ? budget_ : nullptr);
    if (!made) {
        if (takes_page) budget_->give_back(1);
        return made.error();
    }
    return Ref<Inode>(std::move(*made));
}

Result<Ref<Inode>> TmpfsFileSystem::make_inode(const NewNode& node) {
    TRY(take_inode());
    // The inode's destructor gives it back; until there is one, we do.
    auto made = [&]() -> Result<Ref<Inode>> {
        switch (node.mode & abi::mode::TYPE_MASK) {
            case abi::mode::REGULAR: {
                Ref<PageCache> cache = TRY(make_ref<PageCache>(budget_));
                return Ref<Inode>(TRY(make_ref<TmpfsRegular>(*this, node, std::move(cache))));
            }
            case abi::mode::DIRECTORY: return Ref<Inode>(TRY(make_ref<TmpfsDirectory>(*this, node)));
            case abi::mode::SYMLINK: {
                return make_symlink(node);
            }
            default: return Ref<Inode>(TRY(make_ref<TmpfsInode>(*this, node)));
        }
    }();
    if (!made) {
        give_inode_back();
    } else if (node.access_list || node.default_list) [[unlikely]] {
        TRY(static_cast<TmpfsInode&>(**made).begin_access_lists(node));
    }
    return made;
}

Result<> TmpfsFileSystem::statistics(abi::statfs& out) {
    out.f_type = type_name() == "ramfs" ? abi::magic::RAMFS : abi::magic::TMPFS;
    out.f_bsize = PAGE_SIZE;
    if (const u64 limit = budget_->limit(); limit != 0) {
        const u64 used = budget_->used();
        out.f_blocks = limit;
        out.f_bfree = out.f_bavail = used < limit ? limit - used : 0;
    }
    if (const u64 limit = max_inodes_.load(std::memory_order_relaxed); limit != 0) {
        const u64 used = inodes_.load(std::memory_order_relaxed);
        out.f_files = limit;
        out.f_ffree = used < limit ? limit - used : 0;
    }
    return {};
}

namespace {

/// Appends an octal number of three digits or more.
Result<> append_mode(String& out, u32 mode) {
    TRY(out.append(",mode="));
    if (mode > 0777) TRY(format_append(out, "{}", mode >> 9));
    return format_append(out, "{}{}{}", mode >> 6 & 7, mode >> 3 & 7, mode & 7);
}

}  // namespace

/// LINUX: shmem_show_options: shows the options that differ from the defaults, and always the width of inode
/// numbers.
Result<> TmpfsFileSystem::append_options(String& out) {
    if (!has_limits()) return options_.mode == 0755 ? Result<>{} : append_mode(out, options_.mode);
    const Options defaults = default_options();
    const u64 max_inodes = max_inodes_.load(std::memory_order_relaxed);
    const u64 max_bytes = budget_->limit() * PAGE_SIZE;
    if (max_bytes != defaults.max_bytes) TRY(format_append(out, ",size={}k", max_bytes / KIB));
    if (max_inodes != defaults.max_inodes) TRY(format_append(out, ",nr_inodes={}", max_inodes));
    if (options_.mode != defaults.mode) TRY(append_mode(out, options_.mode));
    if (options_.uid != 0) TRY(format_append(out, ",uid={}", options_.uid));
    if (options_.gid != 0) TRY(format_append(out, ",gid={}", options_.gid));
    return out.append(inode_numbers_.load(std::memory_order_relaxed) == InodeNumbers::Bits64 ? ",inode64"
                                                                                             : ",inode32");
}

Result<> TmpfsFileSystem::sync() { return sync_page_caches(budget_.get()); }

Result<> TmpfsFileSystem::remount(std::string_view text) {
    if (!has_limits()) return {};
    const Options current{.max_bytes = budget_->limit() * PAGE_SIZE,
                          .max_inodes = max_inodes_.load(std::memory_order_relaxed),
                          .mode = options_.mode,
                          .uid = options_.uid,
                          .gid = options_.gid,
                          .inode_numbers = inode_numbers_.load(std::memory_order_relaxed)};
    const Options options = TRY(parse_options(text, current, total_memory));
    const u64 pages = divide_round_up(options.max_bytes, PAGE_SIZE);
    // LINUX: a limit can be neither cut below what is used nor put where there was none (shmem_reconfigure).
    if (pages != 0 && (current.max_bytes == 0 || budget_->used() > pages)) return Error::Einval;
    const u64 used = inodes_.load(std::memory_order_relaxed);
    if (options.max_inodes != 0 && (current.max_inodes == 0 || used > options.max_inodes))
        return Error::Einval;
    budget_->set_limit(pages);
    max_inodes_.store(options.max_inodes, std::memory_order_relaxed);
    inode_numbers_.store(options.inode_numbers, std::memory_order_relaxed);
    return {};
}

void TmpfsFileSystem::last_mount_gone(Dentry& root) {
    // No other thread can reach the tree any more, so no lock is needed.
    const auto names_of = [](Dentry& dentry) -> InodeNames& {
        return dentry.inode()->names_lock.unsafe_value();
    };
    // From the leaves up, without recursion: a tree may be deeper than any stack.
    Dentry* at = &root;
    while (true) {
        auto& directory = static_cast<TmpfsDirectory&>(*at->inode());
        Dentry* child = directory.first_entry(names_of(*at));
        if (child == nullptr) {
            if (at == &root) return;
            at = at->parent();
            continue;
        }
        if (child->inode()->is_directory() &&
            static_cast<TmpfsDirectory&>(*child->inode()).first_entry(names_of(*child)) != nullptr) {
            at = child;
            continue;
        }
        directory.remove_entry(names_of(*at), *child);
        Ref<Dentry> forgotten;
        auto tree = name_tree.lock();
        forgotten = tree->dentries.erase(*child);
        tree.unlock();
    }
}

// ---- Inodes

TmpfsInode::TmpfsInode(TmpfsFileSystem& file_system, const NewNode& node, InodeTraits traits)
    : Inode(Ref<FileSystem>(&file_system), file_system.new_inode_number(), node, traits) {}

namespace {

/// How many pages of the instance's budget a list costs. A short list costs none.
u64 pages_of(const Ref<AccessControlList>& list) {
    constexpr usize SHORT = 512;
    return list && list->bytes() > SHORT ? divide_round_up(list->bytes(), PAGE_SIZE) : 0;
}

}  // namespace

TmpfsInode::~TmpfsInode() {
    if (LockedAccessLists* lists = access_lists_.load(std::memory_order_relaxed)) {
        for (const auto& list : lists->unsafe_value().of_kind)
            if (const u64 pages = pages_of(list); pages != 0) owner().budget()->give_back(pages);
        delete lists;
    }
    if (attributes_ != nullptr) {
        owner().budget()->give_back(attributes_->bytes() / PAGE_SIZE);
        delete attributes_;
    }
    owner().give_inode_back();
}

/// Each whole page of attributes is charged to the file system's budget, because they use kernel memory.
Result<> TmpfsInode::set_extended_attribute(InodeContent& content, std::string_view name,
                                            std::span<const u8> value, abi::XattrFlags flags) {
    DEBUG_ASSERT(is_content_key(content));
    if (!owner().keeps_extended_attributes()) return Error::Eopnotsupp;
    if (attributes_ == nullptr) {
        attributes_ = new (std::nothrow) ExtendedAttributes;
        if (attributes_ == nullptr) return Error::Enomem;
    }
    const u64 before = attributes_->bytes() / PAGE_SIZE;
    const u64 most = (attributes_->bytes() + ExtendedAttributes::cost(name, value.size())) / PAGE_SIZE;
    if (most > before) TRY(owner().budget()->take(most - before));
    const Result<> done = attributes_->set(name, value, flags);
    const u64 surplus = (most > before ? most : before) - attributes_->bytes() / PAGE_SIZE;
    if (surplus != 0) owner().budget()->give_back(surplus);
    if (done) note_changed();
    return done;
}

Result<> TmpfsInode::remove_extended_attribute(InodeContent& content, std::string_view name) {
    DEBUG_ASSERT(is_content_key(content));
    if (attributes_ == nullptr)
        return owner().keeps_extended_attributes() ? Error::Enodata : Error::Eopnotsupp;
    const u64 before = attributes_->bytes() / PAGE_SIZE;
    TRY(attributes_->remove(name));
    const u64 surplus = before - attributes_->bytes() / PAGE_SIZE;
    if (surplus != 0) owner().budget()->give_back(surplus);
    note_changed();
    return {};
}

Ref<AccessControlList> TmpfsInode::access_list(AccessListKind kind) const {
    if (!has_access_list(kind)) return nullptr;
    // acquire: pairs with the release in keep_access_list
    LockedAccessLists* lists = access_lists_.load(std::memory_order_acquire);
    if (lists == nullptr) return nullptr;
    return lists->lock()->of_kind[std::to_underlying(kind)];
}

Result<> TmpfsInode::set_access_list([[maybe_unused]] InodeContent& content, AccessListKind kind,
                                     Ref<AccessControlList> list) {
    DEBUG_ASSERT(is_content_key(content));
    if (!owner().keeps_access_lists() || is_symlink()) return Error::Eopnotsupp;
    return keep_access_list(kind, std::move(list));
}

Result<> TmpfsInode::begin_access_lists(const NewNode& node) {
    TRY(keep_access_list(AccessListKind::Access, node.access_list));
    return keep_access_list(AccessListKind::Default, node.default_list);
}

Result<> TmpfsInode::keep_access_list(AccessListKind kind, Ref<AccessControlList> list) {
    LockedAccessLists* kept = access_lists_.load(std::memory_order_relaxed);
    if (kept == nullptr) {
        if (!list) return {};
        kept = new (std::nothrow) LockedAccessLists;
        if (kept == nullptr) return Error::Enomem;
        // release: pairs with the acquire in access_list
        access_lists_.store(kept, std::memory_order_release);
    }
    const u64 pages = pages_of(list);
    if (pages != 0) TRY(owner().budget()->take(pages));
    {
        auto lists = kept->lock();
        note_access_list(kind, static_cast<bool>(list));
        std::swap(lists->of_kind[std::to_underlying(kind)], list);
    }
    if (const u64 surplus = pages_of(list); surplus != 0) owner().budget()->give_back(surplus);
    return {};
}

InodeAttributes TmpfsSymlink::attributes() {
    InodeAttributes attributes = Inode::attributes();
    if (page_) attributes.allocated_bytes = PAGE_SIZE;
    return attributes;
}

InodeAttributes TmpfsRegular::attributes() {
    InodeAttributes attributes = Inode::attributes();
    attributes.allocated_bytes = cache_->page_count() * PAGE_SIZE;
    return attributes;
}

Result<Ref<File>> TmpfsRegular::open(OpenRequest&& request) {
    return make_ref<TmpfsFile>(std::move(request));
}

Result<> TmpfsRegular::back_with(InodeContent& content, Ref<BackingStore> store) {
    if (size() != 0) return Error::Einval;
    TRY(cache_->back_with(std::move(store)));
    size_changed(content);
    return {};
}

/// LINUX: memfd_add_seals.
Result<> TmpfsRegular::add_seals(abi::Seals added) {
    auto content = TRY(content_lock.lock_killable());
    if (has_seal(abi::Seals::Seal)) return Error::Eperm;
    if (abi::has(added, abi::Seals::Write)) TRY(cache_->refuse_writers());
    seals_.store(seals() | added, std::memory_order_seq_cst);
    return {};
}

/// LINUX: shmem_setattr.
Result<> TmpfsRegular::truncate(InodeContent& content, u64 size) {
    const u64 before = cache_->size();
    if ((size < before && has_seal(abi::Seals::Shrink)) || (size > before && has_seal(abi::Seals::Grow)))
        return Error::Eperm;
    TRY(cache_->resize(content, size));
    size_changed(content);
    return {};
}

}  // namespace exo::fs::tmpfs

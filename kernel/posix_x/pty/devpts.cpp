#include "posix_x/pty/devpts.hpp"

#include "utils/format.hpp"
#include "utils/parse.hpp"

namespace exo::posix_x {

namespace {

// LINUX: the inode numbers of the root and of ptmx.
constexpr u64 ROOT_NUMBER = 1;
constexpr u64 MASTER_NUMBER = 2;
constexpr u64 FIRST_SLAVE_NUMBER = 3;

constexpr std::string_view MASTER_NAME = "ptmx";

/// A terminal's device node. Only its mode and owner can change.
class Node final : public fs::Inode {
  public:
    Node(Ref<fs::FileSystem> file_system, u64 number, const fs::NewNode& node)
        : Inode(std::move(file_system), number, node) {}
};

Result<Ref<fs::Inode>> make_node(Ref<fs::FileSystem> file_system, u64 number, u32 mode, u32 uid, u32 gid,
                                 abi::DeviceNumber device) {
    const fs::NewNode node{
        .mode = abi::mode::CHARACTER_DEVICE | mode, .uid = uid, .gid = gid, .device = device};
    return Ref<fs::Inode>(TRY(make_ref<Node>(std::move(file_system), number, node)));
}

class Root final : public fs::GeneratedDirectory {
  public:
    Root(Ref<fs::FileSystem> file_system, Ref<fs::Inode> master)
        : GeneratedDirectory(std::move(file_system), ROOT_NUMBER, 0755,
                             fs::InodeTraits::VolatileNames | fs::InodeTraits::CountsEntries),
          master_(std::move(master)) {}

    Result<Ref<fs::Inode>> find(std::string_view name) override {
        if (name == MASTER_NAME) return master_;
        const auto number = parse_unsigned(name);
        const bool is_name = number && *number < Devpts::MOST_NUMBERS && (name.size() == 1 || name[0] != '0');
        if (!is_name) return Ref<fs::Inode>();
        const auto slave = instance().find(static_cast<u32>(*number));
        return slave ? slave->inode : Ref<fs::Inode>();
    }
    /// The cookies of slaves are their numbers, behind that of ptmx.
    Result<> list(u64 cookie, fs::DirectorySink sink) override {
        constexpr u64 FIRST_SLAVE = fs::FIRST_COOKIE + 1;
        if (cookie < FIRST_SLAVE && !sink({MASTER_NAME, MASTER_NUMBER, master_->mode(), FIRST_SLAVE}))
            return {};
        u32 from =
            cookie < FIRST_SLAVE ? 0 : static_cast<u32>(std::min<u64>(cookie - FIRST_SLAVE, UINT32_MAX));
        while (const auto next = instance().next(from)) {
            scheduler::preempt_point();
            const auto& [number, slave] = *next;
            String name;
            TRY(format_append(name, "{}", number));
            from = number + 1;
            if (!sink({name.view(), slave.inode->number(), slave.inode->mode(), FIRST_SLAVE + from}))
                return {};
        }
        return {};
    }

  private:
    Devpts& instance() const { return static_cast<Devpts&>(file_system()); }
    const Ref<fs::Inode> master_;
};

/// Parses the number of an option. Errors: Einval.
Result<u32> parse_option(std::string_view text, u64 base, u64 most) {
    const auto number = parse_unsigned(text, base);
    if (!number || *number > most) return Error::Einval;
    return static_cast<u32>(*number);
}

}  // namespace

// ---- Options

/// LINUX: parse_mount_options. Every mount is a new instance, with or without the option newinstance.
Result<Devpts::Options> Devpts::parse(std::string_view text, const Options& defaults) {
    constexpr u64 LARGEST_ID = UINT32_MAX - 1;
    constexpr u64 LARGEST_MODE = UINT32_MAX;
    Options options = defaults;
    while (!text.empty()) {
        const usize comma = text.find(',');
        const std::string_view item = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        if (item.empty() || item == "newinstance") continue;
        const usize equals = item.find('=');
        if (equals == std::string_view::npos) return Error::Einval;
        const std::string_view key = item.substr(0, equals);
        const std::string_view value = item.substr(equals + 1);
        if (key == "uid")
            options.uid = TRY(parse_option(value, 10, LARGEST_ID));
        else if (key == "gid")
            options.gid = TRY(parse_option(value, 10, LARGEST_ID));
        else if (key == "mode")
            options.mode = TRY(parse_option(value, 8, LARGEST_MODE)) & abi::mode::PERMISSIONS;
        else if (key == "ptmxmode")
            options.master_mode = TRY(parse_option(value, 8, LARGEST_MODE)) & abi::mode::PERMISSIONS;
        else if (key == "max")
            options.most = TRY(parse_option(value, 10, MOST_NUMBERS));
        else
            return Error::Einval;
    }
    return options;
}

Result<> Devpts::append_options(String& out) {
    const Options options = state_.lock()->options;
    if (options.uid) TRY(format_append(out, ",uid={}", *options.uid));
    if (options.gid) TRY(format_append(out, ",gid={}", *options.gid));
    const auto append_mode = [&](std::string_view name, u32 mode) -> Result<> {
        TRY(format_append(out, ",{}=", name));
        for (const u32 shift : {6U, 3U, 0U}) TRY(out.push(static_cast<char>('0' + (mode >> shift & 7))));
        return {};
    };
    TRY(append_mode("mode", options.mode));
    TRY(append_mode("ptmxmode", options.master_mode));
    return options.most < MOST_NUMBERS ? format_append(out, ",max={}", options.most) : Result<>{};
}

Result<> Devpts::remount(std::string_view text) {
    // LINUX: what is not named gets its default.
    const Options options = TRY(parse(text, {}));
    state_.lock()->options = options;
    master_->set_mode(abi::mode::CHARACTER_DEVICE | options.master_mode);
    return {};
}

Result<> Devpts::statistics(abi::statfs& out) {
    out.f_type = abi::magic::DEVPTS;
    out.f_bsize = PAGE_SIZE;
    return {};
}

// ---- Instances

Devpts::Devpts(const Options& options) : FileSystem(TYPE, 1024) { state_.unsafe_value().options = options; }

Devpts* Devpts::of(const fs::Inode& inode) {
    fs::FileSystem& file_system = inode.file_system();
    return file_system.type_name() == TYPE ? static_cast<Devpts*>(&file_system) : nullptr;
}

Result<fs::MountableTree> Devpts::mount(std::string_view, std::string_view text) {
    const Options options = TRY(parse(text, {}));
    Ref<Devpts> instance = TRY(make_ref<Devpts>(options));
    Ref<fs::Inode> master = TRY(make_node(instance, MASTER_NUMBER, options.master_mode, 0, 0, MASTER));
    instance->set_master_node(*master);
    Ref<fs::Inode> root = TRY(make_ref<Root>(instance, std::move(master)));
    return fs::MountableTree{instance, TRY(fs::Dentry::create_root(std::move(root)))};
}

// ---- Slaves

Result<u32> Devpts::reserve_number() {
    // LINUX: devpts_new_index. One less than the setting says.
    if (ptys.fetch_add(1, std::memory_order_relaxed) + 1 >= most_ptys.load(std::memory_order_relaxed)) {
        ptys.fetch_sub(1, std::memory_order_relaxed);
        return Error::Enospc;
    }
    const auto take_lowest = [&]() -> Result<u32> {
        auto state = state_.lock();
        u32 number = 0;
        for (const auto& entry : state->slaves) {
            if (entry.key != number) break;
            ++number;
            scheduler::preempt_point();
        }
        if (number >= state->options.most) return Error::Enospc;
        TRY(state->slaves.insert(number, Slave{}));
        return number;
    };
    const Result<u32> number = take_lowest();
    if (!number) ptys.fetch_sub(1, std::memory_order_relaxed);
    return number;
}

void Devpts::remove_name(u32 number) {
    Slave removed;  // dropped without the lock
    {
        auto state = state_.lock();
        if (Slave* slave = state->slaves.find(number)) std::swap(removed, *slave);
    }
    if (removed.inode) removed.inode->set_links(0);
}

void Devpts::give_number_back(u32 number) {
    Slave removed;  // dropped without the lock
    {
        auto state = state_.lock();
        if (Slave* slave = state->slaves.find(number)) removed = std::move(*slave);
        state->slaves.erase(number);
    }
    ptys.fetch_sub(1, std::memory_order_relaxed);
}

Result<> Devpts::enter(u32 number, Ref<Terminal> terminal, Ref<PtyPair> pair, const fs::Credentials& owner) {
    const Options options = state_.lock()->options;
    Ref<fs::Inode> inode = TRY(make_node(Ref<fs::FileSystem>(this), FIRST_SLAVE_NUMBER + number, options.mode,
                                         options.uid.value_or(owner.uid), options.gid.value_or(owner.gid),
                                         {SLAVE_MAJOR, number}));
    auto state = state_.lock();
    *state->slaves.find(number) = {std::move(inode), std::move(terminal), std::move(pair)};
    return {};
}

std::optional<Devpts::Slave> Devpts::find(u32 number) {
    auto state = state_.lock();
    const Slave* slave = state->slaves.find(number);
    return slave != nullptr && slave->inode ? std::optional(*slave) : std::nullopt;
}

std::optional<std::pair<u32, Devpts::Slave>> Devpts::next(u32 from) {
    auto state = state_.lock();
    for (auto* entry = state->slaves.lower_bound(from); entry != nullptr; entry = state->slaves.next(*entry))
        if (entry->value.inode) return std::pair(entry->key, entry->value);
    return std::nullopt;
}

}  // namespace exo::posix_x

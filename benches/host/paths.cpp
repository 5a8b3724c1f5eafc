// From a path to a file.
#include <optional>
#include <string>

#include "bench.hpp"
#include "fs/tmpfs/tmpfs.hpp"

namespace exo::bench {
namespace {

struct FileSystem {
    fs::Credentials credentials{};
    Ref<fs::MountNamespace> mounts;
    Ref<fs::PathContext> context;
    fs::Caller caller() const { return {credentials, *context}; }
};
std::optional<FileSystem> machine;

Result<fs::Path> find(std::string_view path) {
    return fs::resolve(machine->caller(), {}, path, fs::WalkFlags::FollowLast);
}

void prepare() {
    auto tree = MUST(fs::tmpfs::create({.mode = 0755}));
    auto mount = MUST(fs::Mount::create(std::move(tree), "rootfs", fs::MountOptions::RelAtime));
    auto mounts = MUST(fs::MountNamespace::create(std::move(mount)));
    auto context = MUST(make_ref<fs::PathContext>(mounts->root()));
    machine.emplace(FileSystem{{}, std::move(mounts), std::move(context)});
    std::string path;
    for (const char* name : {"/usr", "/share", "/doc", "/exo"}) {
        path += name;
        MUST(fs::make_directory(machine->caller(), {}, path, 0755));
    }
    REQUIRE(MUST(find("/usr/share/doc/exo")) != MUST(find("/usr")));
    REQUIRE(!find("/usr/nothing"));
}

template <const char* PATH> void run(u64 count) {
    std::string_view path = PATH;
    while (count-- != 0) {
        const char* text = path.data();
        keep(text);
        auto found = find({text, path.size()});
        keep(*found);
    }
}
constexpr char ONE[] = "/usr";
constexpr char FOUR[] = "/usr/share/doc/exo";

const Operation OPERATIONS[] = {{"path_1", 10'000, &run<ONE>}, {"path_4", 10'000, &run<FOUR>}, {}};

}  // namespace
extern const Family PATH_FAMILY{&prepare, OPERATIONS};
}  // namespace exo::bench

// The VFS with tmpfs beside an independent model, under random operations.
#include <map>
#include <memory>

#include "fs/machine.hpp"
#include "support/random.hpp"

namespace exo::fs {
namespace {

using test::FsMachine;
using test::Random;

struct Node;
using NodePtr = std::shared_ptr<Node>;
struct Node {
    u32 type = 0;
    std::string content;  ///< Of a file, or a link's text.
    std::map<std::string, NodePtr> names;
    Node* parent = nullptr;
    u32 links = 0;
    u64 inode = 0;
};

constexpr u32 DIRECTORY = abi::mode::DIRECTORY;
constexpr u32 REGULAR = abi::mode::REGULAR;
constexpr u32 SYMLINK = abi::mode::SYMLINK;

/// Where a path leads in the model: the directory that holds the last name, and what is there.
struct Place {
    Error error{};
    Node* directory = nullptr;
    std::string name{};
    NodePtr node{};
    bool ok() const { return directory != nullptr; }
};

class Model {
  public:
    explicit Model(u64 seed) : random_(seed) {
        root_.type = DIRECTORY;
        root_.links = 2;
    }

    void step() {
        switch (random_.below(11)) {
            case 0: create(); break;
            case 1: make_directory(); break;
            case 2: make_symlink(); break;
            case 3: make_link(); break;
            case 4: unlink(); break;
            case 5: remove_directory(); break;
            case 6:
            case 7: rename(); break;
            case 8: write(); break;
            case 9: truncate(); break;
            case 10: read(); break;
        }
    }

    /// The whole tree, name by name.
    void compare_tree() { compare(root_, "/"); }

  private:
    std::string random_path() {
        static constexpr const char* NAMES[] = {"a", "b", "c",
                                                "a-name-that-does-not-fit-into-the-dentry-itself"};
        std::string path;
        const usize depth = 1 + random_.below(3);
        for (usize i = 0; i < depth; ++i) path += std::string("/") + NAMES[random_.below(std::size(NAMES))];
        return path;
    }

    Place find(const std::string& path) {
        Node* directory = &root_;
        usize at = 1;
        while (true) {
            const usize slash = path.find('/', at);
            const std::string name = path.substr(at, slash == std::string::npos ? slash : slash - at);
            if (directory->type != DIRECTORY) return {.error = Error::Enotdir};
            const auto found = directory->names.find(name);
            NodePtr node = found == directory->names.end() ? nullptr : found->second;
            if (slash == std::string::npos) return {.directory = directory, .name = name, .node = node};
            if (!node) return {.error = Error::Enoent};
            // Links lead nowhere: their texts are no names here.
            if (node->type == SYMLINK) return {.error = Error::Enoent};
            directory = node.get();
            at = slash + 1;
        }
    }

    void expect(const Result<>& result, Error expected, const std::string& what) {
        if (expected == Error{})
            EXPECT_TRUE(result.has_value()) << what << ": error " << static_cast<int>(result.error());
        else
            EXPECT_ERROR(expected, result) << what;
    }

    void add(const Place& place, u32 type, std::string content = {}) {
        auto node = std::make_shared<Node>();
        node->type = type;
        node->content = std::move(content);
        node->links = type == DIRECTORY ? 2 : 1;
        node->parent = place.directory;
        if (type == DIRECTORY) ++place.directory->links;
        place.directory->names[place.name] = std::move(node);
    }
    static bool is_below(const Node* node, const Node* top) {
        for (; node != nullptr; node = node->parent) {
            if (node == top) return true;
        }
        return false;
    }

    void create() {
        const std::string path = random_path();
        const Place place = find(path);
        if (place.ok() && place.node && place.node->type == SYMLINK) return;
        Error expected = place.error;
        if (place.ok() && place.node) expected = Error::Eexist;
        expect(void_of(machine_.open(path, OpenFlags::Creat | OpenFlags::Excl | OpenFlags::Rdwr)), expected,
               "create " + path);
        if (expected == Error{}) add(place, REGULAR);
    }
    void make_directory() {
        const std::string path = random_path();
        const Place place = find(path);
        Error expected = place.error;
        if (place.ok() && place.node) expected = Error::Eexist;
        expect(machine_.mkdir(path), expected, "mkdir " + path);
        if (expected == Error{}) add(place, DIRECTORY);
    }
    void make_symlink() {
        const std::string path = random_path();
        const Place place = find(path);
        Error expected = place.error;
        if (place.ok() && place.node) expected = Error::Eexist;
        expect(machine_.symlink("nowhere at all", path), expected, "symlink " + path);
        if (expected == Error{}) add(place, SYMLINK, "nowhere at all");
    }
    void make_link() {
        const std::string from = random_path();
        const std::string to = random_path();
        const Place source = find(from);
        const Place target = find(to);
        Error expected{};
        if (!source.ok())
            expected = source.error;
        else if (!source.node)
            expected = Error::Enoent;
        else if (!target.ok())
            expected = target.error;
        else if (target.node)
            expected = Error::Eexist;
        else if (source.node->type == DIRECTORY)
            expected = Error::Eperm;
        expect(machine_.link(from, to), expected, "link " + from + " " + to);
        if (expected != Error{}) return;
        ++source.node->links;
        target.directory->names[target.name] = source.node;
    }
    void unlink() {
        const std::string path = random_path();
        const Place place = find(path);
        Error expected = place.error;
        if (place.ok()) {
            if (!place.node)
                expected = Error::Enoent;
            else if (place.node->type == DIRECTORY)
                expected = Error::Eisdir;
        }
        // Whoever has it open keeps it.
        Ref<File> file;
        if (expected == Error{} && place.node->type == REGULAR) file = MUST(machine_.open(path));
        expect(machine_.unlink(path), expected, "unlink " + path);
        if (expected != Error{}) return;
        --place.node->links;
        if (file) {
            EXPECT_EQ(MUST(FsMachine::read(*file)), place.node->content);
            EXPECT_EQ(file->inode().links(), place.node->links);
        }
        place.directory->names.erase(place.name);
    }
    void remove_directory() {
        const std::string path = random_path();
        const Place place = find(path);
        Error expected = place.error;
        if (place.ok()) {
            if (!place.node)
                expected = Error::Enoent;
            else if (place.node->type != DIRECTORY)
                expected = Error::Enotdir;
            else if (!place.node->names.empty())
                expected = Error::Enotempty;
        }
        expect(machine_.rmdir(path), expected, "rmdir " + path);
        if (expected != Error{}) return;
        --place.directory->links;
        place.directory->names.erase(place.name);
    }
    Error rename_error(const Place& source, const Place& target, abi::RenameFlags flags) {
        if (!source.ok()) return source.error;
        if (!target.ok()) return target.error;
        if (!source.node) return Error::Enoent;
        if (flags == abi::RenameFlags::Noreplace && target.node) return Error::Eexist;
        const bool exchanges = flags == abi::RenameFlags::Exchange;
        if (exchanges && !target.node) return Error::Enoent;
        if (is_below(target.directory, source.node.get())) return Error::Einval;
        if (target.node && target.node->type == DIRECTORY && is_below(source.directory, target.node.get()))
            return exchanges ? Error::Einval : Error::Enotempty;
        if (source.node == target.node || exchanges || !target.node) return {};
        if (source.node->type == DIRECTORY && target.node->type != DIRECTORY) return Error::Enotdir;
        if (source.node->type != DIRECTORY && target.node->type == DIRECTORY) return Error::Eisdir;
        if (target.node->type == DIRECTORY && !target.node->names.empty()) return Error::Enotempty;
        return {};
    }
    static void put(const Place& place, const NodePtr& node) {
        place.directory->names[place.name] = node;
        node->parent = place.directory;
    }
    void rename() {
        const std::string from = random_path();
        const std::string to = random_path();
        const auto flags = static_cast<abi::RenameFlags>(random_.below(3));
        const Place source = find(from);
        const Place target = find(to);
        const Error expected = rename_error(source, target, flags);
        expect(machine_.rename(from, to, flags), expected,
               "rename " + from + " " + to + " " + std::to_string(static_cast<int>(flags)));
        if (expected != Error{} || source.node == target.node) return;
        if (source.node->type == DIRECTORY) --source.directory->links, ++target.directory->links;
        if (flags == abi::RenameFlags::Exchange) {
            if (target.node->type == DIRECTORY) --target.directory->links, ++source.directory->links;
            put(source, target.node);
            put(target, source.node);
            return;
        }
        if (target.node) {
            if (target.node->type == DIRECTORY)
                --target.directory->links;
            else
                --target.node->links;
        }
        source.directory->names.erase(source.name);
        put(target, source.node);
    }
    void write() {
        const std::string path = random_path();
        const Place place = find(path);
        if (!place.ok() || !place.node || place.node->type != REGULAR) return;
        const bool appends = random_.one_in(3);
        Ref<File> file =
            MUST(machine_.open(path, OpenFlags::Wronly | (appends ? OpenFlags::Append : OpenFlags{})));
        std::string& content = place.node->content;
        const std::string text(random_.below(9000), static_cast<char>('a' + random_.below(26)));
        const usize offset = appends ? content.size() : random_.below(20000);
        file->set_position(offset);
        EXPECT_EQ(MUST(FsMachine::write(*file, text)), text.size());
        if (text.empty()) return;
        if (content.size() < offset + text.size()) content.resize(offset + text.size());
        content.replace(offset, text.size(), text);
        EXPECT_EQ(file->position(), offset + text.size());
    }
    void truncate() {
        const std::string path = random_path();
        const Place place = find(path);
        if (!place.ok() || !place.node || place.node->type != REGULAR) return;
        const usize size = random_.below(30000);
        expect(fs::truncate(machine_.caller(), {}, path, size, {}), Error{}, "truncate " + path);
        place.node->content.resize(size);
    }
    void read() {
        const std::string path = random_path();
        const Place place = find(path);
        if (!place.ok() || !place.node || place.node->type != REGULAR) return;
        Ref<File> file = MUST(machine_.open(path));
        EXPECT_EQ(MUST(FsMachine::read(*file)), place.node->content) << path;
    }

    template <class T> static Result<> void_of(Result<T> result) {
        if (!result) return fail(result.error());
        return {};
    }

    void compare(const Node& directory, const std::string& path) {
        std::vector<std::string> expected{".", ".."};
        for (const auto& [name, node] : directory.names) expected.push_back(name);
        std::vector<std::string> names = MUST(machine_.list(path));
        std::sort(names.begin() + 2, names.end());
        ASSERT_EQ(names, expected) << path;
        const Path here = MUST(machine_.find(path));
        EXPECT_EQ(here.inode().links(), directory.links) << path;
        EXPECT_EQ(here.inode().size(), 20 * (2 + directory.names.size()));
        EXPECT_EQ(machine_.path_of(here), path);
        for (const auto& [name, node] : directory.names) {
            const std::string below = (path == "/" ? "" : path) + "/" + name;
            const Path place = MUST(machine_.find(below, WalkFlags::None));
            ASSERT_EQ(place.inode().mode() & abi::mode::TYPE_MASK, node->type) << below;
            EXPECT_EQ(place.inode().links(), node->links) << below;
            if (node->type == DIRECTORY) {
                compare(*node, below);
            } else if (node->type == SYMLINK) {
                String text;
                MUST(read_link(machine_.caller(), {}, below, text));
                EXPECT_EQ(text.view(), node->content);
            } else {
                EXPECT_EQ(MUST(machine_.content(below)), node->content) << below;
            }
        }
    }

    FsMachine machine_;
    Random random_;
    Node root_;
};

TEST(vfs, agrees_with_a_model) {
    for (u64 seed = 1; seed <= 6; ++seed) {
        Model model(seed);
        for (int i = 0; i < 4000; ++i) {
            model.step();
            if (i % 50 == 0) model.compare_tree();
            ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed << " step " << i;
        }
    }
}

}  // namespace
}  // namespace exo::fs

// A kernel's worth of file system for a test: memory, a tmpfs as root, one caller.
#pragma once

#include <string>
#include <vector>

#include "fs/tmpfs/tmpfs.hpp"
#include "support/hosted_frames.hpp"
#include "support/must.hpp"

namespace exo::test {

using abi::OpenFlags;

class FsMachine {
  public:
    explicit FsMachine(fs::tmpfs::Options options = {.mode = 0755}, usize frames = 4096) : frames_(frames) {
        auto tree = MUST(fs::tmpfs::create(options));
        auto mount = MUST(fs::Mount::create(std::move(tree), "rootfs", fs::MountOptions::RelAtime));
        mounts = MUST(fs::MountNamespace::create(std::move(mount)));
        context = MUST(make_ref<fs::PathContext>(mounts->root()));
        context->set_umask(0);
    }

    fs::Caller caller() const { return {credentials, *context}; }

    Result<fs::Path> find(std::string_view path, fs::WalkFlags flags = fs::WalkFlags::FollowLast) const {
        return fs::resolve(caller(), {}, path, flags);
    }
    Result<Ref<fs::File>> open(std::string_view path, OpenFlags flags = OpenFlags::Rdonly,
                               u32 mode = 0644) const {
        return fs::open(caller(), {}, path, flags, mode);
    }
    Result<> mkdir(std::string_view path, u32 mode = 0755) const {
        return fs::make_directory(caller(), {}, path, mode);
    }
    Result<> symlink(std::string_view target, std::string_view path) const {
        return fs::make_symlink(caller(), target, {}, path);
    }
    Result<> link(std::string_view old_path, std::string_view new_path) const {
        return fs::make_link(caller(), {}, old_path, {}, new_path, abi::AtFlags::None);
    }
    Result<> unlink(std::string_view path) const { return fs::unlink(caller(), {}, path); }
    Result<> rmdir(std::string_view path) const { return fs::remove_directory(caller(), {}, path); }
    Result<> rename(std::string_view from, std::string_view to,
                    abi::RenameFlags flags = abi::RenameFlags::None) const {
        return fs::rename(caller(), {}, from, {}, to, flags);
    }
    Result<> make_file(std::string_view path, std::string_view content = {}, u32 mode = 0644) const {
        auto file = TRY(open(path, OpenFlags::Wronly | OpenFlags::Creat | OpenFlags::Trunc, mode));
        TRY(write(*file, content));
        return {};
    }

    static Result<usize> write(fs::File& file, std::string_view text) {
        auto buffer = vm::InBuffer::from_kernel({reinterpret_cast<const u8*>(text.data()), text.size()});
        return file.write(buffer);
    }
    static Result<std::string> read(fs::File& file, usize limit = 1 << 20) {
        std::string text(limit, '\0');
        auto buffer = vm::OutBuffer::from_kernel({reinterpret_cast<u8*>(text.data()), text.size()});
        text.resize(TRY(file.read(buffer)));
        return text;
    }
    Result<std::string> content(std::string_view path) const { return read(*TRY(open(path))); }

    Result<std::vector<std::string>> list(std::string_view path) const {
        std::vector<std::string> names;
        auto file = TRY(open(path, OpenFlags::Directory));
        TRY(file->read_directory([&](const fs::DirectoryEntry& entry) {
            names.emplace_back(entry.name);
            return true;
        }));
        return names;
    }
    static std::string path_of(const fs::Path& path, const fs::Path& root) {
        String text;
        MUST(fs::append_path(path, root, text));
        return std::string(text.view());
    }
    std::string path_of(const fs::Path& path) const { return path_of(path, context->root()); }

  private:
    HostedFrames frames_;

  public:
    std::vector<fs::GroupId> groups;
    fs::Credentials credentials{};
    Ref<fs::MountNamespace> mounts;
    Ref<fs::PathContext> context;
};

/// Credentials of an ordinary user.
inline fs::Credentials user(fs::UserId uid, fs::GroupId gid = 100) {
    return {.uid = uid, .gid = gid, .groups = {}, .privileges = 0};
}

}  // namespace exo::test

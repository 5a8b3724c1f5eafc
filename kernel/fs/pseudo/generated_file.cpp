#include "fs/pseudo/generated_file.hpp"

#include "utils/bytes.hpp"

namespace exo::fs {

Result<usize> GeneratedOpenFile::do_read(vm::OutBuffer& to, u64 offset) {
    auto snapshot = snapshot_.lock_nested();
    if (offset == 0 || !snapshot->is_taken) {
        String text;
        TRY(generated().generate(text));
        snapshot->text = std::move(text);
        snapshot->is_taken = true;
    }
    const std::string_view text = snapshot->text.view();
    if (offset >= text.size()) return 0UZ;
    return to.write(as_bytes(text.substr(static_cast<usize>(offset))));
}

Result<usize> GeneratedOpenFile::do_write(vm::InBuffer& from, u64&, const WriteContext& context) {
    // As in Linux, a write is one command and at most a page.
    const usize count = from.remaining() < PAGE_SIZE ? from.remaining() : PAGE_SIZE;
    Vector<u8> bytes;
    TRY(bytes.resize(count));
    const usize moved = TRY(from.read(bytes.span()));
    TRY(generated().accept(bytes.span().first(moved), context.credentials));
    return moved;
}

Result<u64> GeneratedOpenFile::do_seek(u64 position, i64 offset, abi::SeekWhence whence) {
    if (whence != abi::SeekWhence::Set && whence != abi::SeekWhence::Cur) return Error::Einval;
    return File::do_seek(position, offset, whence);
}

// ---- GeneratedFile

GeneratedFile::GeneratedFile(Ref<FileSystem> file_system, u64 number, u32 mode, UserId uid, GroupId gid,
                             InodeTraits traits)
    : Inode(std::move(file_system), number, {.mode = abi::mode::REGULAR | mode, .uid = uid, .gid = gid},
            traits) {}

Result<> GeneratedFile::check_open(const OpenRequest&) { return {}; }

Result<> GeneratedFile::accept(std::span<const u8>, const Credentials&) { return Error::Eio; }

Result<Ref<File>> GeneratedFile::open(OpenRequest&& request) {
    TRY(check_open(request));
    return make_ref<GeneratedOpenFile>(std::move(request), sendfile());
}

Result<> GeneratedFile::truncate(u64) { return {}; }

Result<> FunctionFile::accept(std::span<const u8> bytes, const Credentials& credentials) {
    if (acceptor_ == nullptr) return Error::Eio;
    return acceptor_(bytes, credentials);
}

GeneratedLink::GeneratedLink(Ref<FileSystem> file_system, u64 number, InodeTraits traits, u32 mode,
                             UserId uid, GroupId gid)
    : Inode(std::move(file_system), number, {.mode = abi::mode::SYMLINK | mode, .uid = uid, .gid = gid},
            traits) {}

}  // namespace exo::fs

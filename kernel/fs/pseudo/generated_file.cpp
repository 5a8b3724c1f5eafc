#include "fs/pseudo/generated_file.hpp"

#include "utils/bytes.hpp"

namespace exo::fs {

Result<usize> GeneratedOpenFile::do_read(vm::OutBuffer& to, u64 offset) {
    if (offset != 0 && generated().is_read_at_start_only()) return 0UZ;
    auto snapshot = snapshot_.lock_nested();
    if (offset < snapshot->start || offset == 0 || !snapshot->is_taken) TRY(take_first(*snapshot));
    while (offset - snapshot->start >= snapshot->text.size()) {
        if (snapshot->more == GeneratedFile::More::No) return 0UZ;
        TRY(take_next(*snapshot));
    }
    return to.write(as_bytes(snapshot->text.view().substr(static_cast<usize>(offset - snapshot->start))));
}

/// Generates a new snapshot. After an error the old snapshot stays.
Result<> GeneratedOpenFile::take_first(Snapshot& snapshot) {
    Snapshot first;
    first.more = TRY(generated().generate_piece(first.cursor, first.text));
    first.is_taken = true;
    snapshot = std::move(first);
    return {};
}

Result<> GeneratedOpenFile::take_next(Snapshot& snapshot) {
    Snapshot next;
    next.start = snapshot.start + snapshot.text.size();
    next.cursor = snapshot.cursor;
    next.more = TRY(generated().generate_piece(next.cursor, next.text));
    next.is_taken = true;
    snapshot = std::move(next);
    return {};
}

Result<usize> GeneratedOpenFile::do_write(vm::InBuffer& from, u64& offset, const WriteContext& context) {
    // As in Linux, a write is one command and at most a page.
    const usize count = from.remaining() < PAGE_SIZE ? from.remaining() : PAGE_SIZE;
    Vector<u8> bytes;
    TRY(bytes.resize(count));
    const usize moved = TRY(from.read(bytes.span()));
    return generated().accept(bytes.span().first(moved), offset, context.credentials);
}

Result<u64> GeneratedOpenFile::do_seek(u64 position, i64 offset, abi::SeekWhence whence) {
    using Seeking = GeneratedFile::Seeking;
    const Seeking seeking = generated().seeking();
    const bool is_relative_to_end = whence != abi::SeekWhence::Set && whence != abi::SeekWhence::Cur;
    if (seeking == Seeking::Sequential && is_relative_to_end) return Error::Einval;
    const u64 place = TRY(File::do_seek(position, offset, whence));
    if (seeking == Seeking::UpToLargestFile && place > inode().file_system().max_file_size())
        return Error::Einval;
    return place;
}

// ---- GeneratedFile

GeneratedFile::GeneratedFile(Ref<FileSystem> file_system, u64 number, u32 mode, UserId uid, GroupId gid,
                             InodeTraits traits)
    : Inode(std::move(file_system), number, {.mode = abi::mode::REGULAR | mode, .uid = uid, .gid = gid},
            traits) {}

Result<GeneratedFile::More> GeneratedFile::generate_piece(u64&, String& out) {
    TRY(generate(out));
    return More::No;
}

/// LINUX: a record that does not fit into the buffer is left for the next read (seq_has_overflowed), unless
/// it is the only one.
bool GeneratedFile::takes_back(String& out, usize start) {
    if (start == 0 || out.size() < PAGE_SIZE) return false;
    out.truncate(start);
    return true;
}

Result<> GeneratedFile::check_open(const OpenRequest&) { return {}; }

Result<usize> GeneratedFile::accept(std::span<const u8>, u64, const Credentials&) { return Error::Eio; }

Result<Ref<File>> GeneratedFile::open(OpenRequest&& request) {
    TRY(check_open(request));
    return make_ref<GeneratedOpenFile>(std::move(request), sendfile());
}

Result<> GeneratedFile::truncate(InodeContent&, u64) { return {}; }

Result<usize> FunctionFile::accept(std::span<const u8> bytes, u64, const Credentials& credentials) {
    if (acceptor_ == nullptr) return Error::Eio;
    TRY(acceptor_(bytes, credentials));
    return bytes.size();
}

GeneratedLink::GeneratedLink(Ref<FileSystem> file_system, u64 number, InodeTraits traits, u32 mode,
                             UserId uid, GroupId gid)
    : Inode(std::move(file_system), number, {.mode = abi::mode::SYMLINK | mode, .uid = uid, .gid = gid},
            traits) {}

}  // namespace exo::fs

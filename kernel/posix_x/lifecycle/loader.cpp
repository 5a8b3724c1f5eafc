#include "posix_x/lifecycle/loader.hpp"

namespace exo::posix_x {

namespace {

using abi::MapFlags;
using vm::Protection;

Protection protection_of(const ElfSegment& segment) {
    Protection protection = Protection::None;
    if (segment.is_readable) protection = protection | Protection::Read;
    if (segment.is_writable) protection = protection | Protection::Write;
    if (segment.is_executable) protection = protection | Protection::Exec;
    return protection;
}

Result<> map_file_part(vm::AddressSpace& space, fs::File& file, const Ref<vm::PageSource>& source,
                       const ElfSegment& segment, u64 bias) {
    if (segment.file_size == 0) return {};
    vm::MapRequest request;
    request.address = bias + segment.start;
    request.length = segment.file_size;
    request.protection = protection_of(segment);
    request.flags = MapFlags::Private | MapFlags::Fixed;
    request.offset = segment.file_offset;
    request.source = source;
    request.file = Ref<Object>(&file);
    TRY(space.map(std::move(request)));
    return {};
}

/// Makes the memory behind the file's bytes: zeroes the rest of their last page, and maps anonymous pages
/// after it.
Result<> map_zero_part(vm::AddressSpace& space, const ElfSegment& segment, u64 bias) {
    if (!segment.has_zero_part) return {};
    const u64 anonymous_start = segment.start + segment.file_size;
    if (anonymous_start < segment.memory_end) {
        vm::MapRequest request;
        request.address = bias + anonymous_start;
        request.length = segment.memory_end - anonymous_start;
        request.protection = Protection::Read | Protection::Write |
                             (segment.is_executable ? Protection::Exec : Protection::None);
        request.flags = MapFlags::Private | MapFlags::Fixed | MapFlags::Anonymous;
        TRY(space.map(std::move(request)));
    }
    if (segment.file_size == 0) return {};
    const u64 bytes_left = align_up(segment.file_end, PAGE_SIZE) - segment.file_end;
    const Result<> written = space.clear_remote(bias + segment.file_end, bytes_left);
    // LINUX: a segment that cannot be written keeps the file's bytes there, and a page that a cut file does not have is
    // missing: SIGBUS for who touches it (load_elf_binary lets padzero fail).
    if (!written && written.error() == Error::Enomem) return written;
    return {};
}

}  // namespace

Result<FileStart> read_start(fs::File& file) {
    FileStart start;
    vm::OutBuffer out = vm::OutBuffer::from_kernel({start.bytes, FileStart::SIZE});
    start.size = TRY(file.read_at(out, 0));
    return start;
}

Result<ParsedProgram> parse_program(fs::File& file, const FileStart& start) {
    const ElfHeader header = TRY(ElfHeader::parse(start.span()));
    ParsedProgram program;
    program.image = TRY(make_box<ElfImage>());
    TRY(program.table.resize(header.table_size()));
    // LINUX: a table that cannot be read makes the file no program, whatever the reason.
    if (!file.read_exactly(program.table.span(), header.table_offset)) return Error::Enoexec;
    TRY(program.image->parse_headers(header, program.table.span()));
    return program;
}

Result<LoadedImage> load_image(vm::AddressSpace& space, fs::File& file, ParsedProgram& program, u64 bias) {
    ElfImage& image = *program.image;
    const Ref<vm::PageSource> source = TRY(file.page_source());
    for (const ElfSegment& segment : image.segments) {
        TRY(map_file_part(space, file, source, segment, bias));
        TRY(map_zero_part(space, segment, bias));
    }
    return LoadedImage{bias, TRY(image.entry_address(bias))};
}

}  // namespace exo::posix_x

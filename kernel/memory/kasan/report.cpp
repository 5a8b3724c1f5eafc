// The report: one line that says what happened, what lies there, the shadow around it, and the panic's call chain.
#if defined(EXO_KASAN)

#include "arch/interface.hpp"
#include "log/log.hpp"
#include "memory/kasan/shadow.hpp"

namespace exo::kasan {

namespace {

bool is_stack(Poison value) { return value >= Poison::StackLeft && value <= Poison::StackPartial; }

std::string_view name_of(u64 bad) {
    u8 value = *shadow_of(bad);
    // The rest of a granule whose beginning may be used: what it is, the next one says.
    if (value < GRANULE) value = *shadow_of(bad + GRANULE);
    const Poison poison{value};
    if (is_stack(poison)) return "stack-out-of-bounds";
    switch (poison) {
        case Poison::StackScope: return "stack-use-after-scope";
        case Poison::Global: return "global-out-of-bounds";
        case Poison::FreedObject: return "heap-use-after-free";
        case Poison::HeapRedzone:
        case Poison::HeapUnused: return "heap-buffer-overflow";
        case Poison::FreeFrame: return "use-after-free of a frame";
        default: return "out-of-bounds";
    }
}

void describe_place(FormatSink sink, u64 bad, u64 start, u64 size) {
    if (bad < start)
        format_to(sink, "{} bytes before ", start - bad);
    else if (bad < start + size)
        format_to(sink, "at byte {} of ", bad - start);
    else
        format_to(sink, "{} bytes behind the end of ", bad - start - size);
}

void describe_code(FormatSink sink, std::string_view what, u64 code) {
    if (code == 0) return;
    format_to(sink, "{}", what);
    arch::describe_address(sink, code);
}

void describe_target(FormatSink sink, u64 bad) {
    HeapObject object;
    const u8 shadow = *shadow_of(bad);
    if (const Global* global = global_around(bad)) {
        sink("It is ");
        describe_place(sink, bad, global->address, global->size);
        format_to(sink, "the global '{}' of {} bytes ({})\n", std::string_view(global->name), global->size,
                  std::string_view(global->file));
    } else if (find_heap_object(bad, object)) {
        sink("It is ");
        describe_place(sink, bad, object.address, object.size);
        format_to(sink, "{} object of {} bytes at {:016x}\n", object.freed_by != 0 ? "a freed" : "an",
                  object.size, object.address);
        describe_code(sink, "allocated by", object.allocated_by);
        describe_code(sink, "freed by", object.freed_by);
    } else if (Poison{shadow} == Poison::FreeFrame) {
        format_to(sink, "It is in the free frame {:x}\n", (bad - memory::layout.direct_map) >> PAGE_SHIFT);
    }
}

/// Two lines of sixteen granules before and behind; the one in question in brackets.
void describe_shadow(FormatSink sink, u64 bad) {
    constexpr u64 LINE = 16 * GRANULE;
    sink("shadow (a byte for eight; 00: all, 01-07: so many may be used):\n");
    const u64 marked = align_down(bad, GRANULE);
    const u64 first = align_down(bad, LINE) - 2 * LINE;
    for (u64 line = first; line < first + 5 * LINE; line += LINE) {
        // Pages of shadow end where a page's worth of memory does: what lies beyond may have none.
        if (align_down(shadow_address(line), PAGE_SIZE) != align_down(shadow_address(bad), PAGE_SIZE))
            continue;
        format_to(sink, "  {:016x}:", line);
        for (u64 at = line; at < line + LINE; at += GRANULE) {
            sink(at == marked ? "[" : at == marked + GRANULE ? "]" : " ");
            format_to(sink, "{:02x}", *shadow_of(at));
        }
        if (marked == line + LINE - GRANULE) sink("]");
        sink("\n");
    }
}

std::string_view name_of(Access access) { return access == Access::Write ? "write" : "read"; }

}  // namespace

void report_access(u64 address, usize size, Access access, u64 code) {
    const u64 bad = first_bad_byte(address, size);
    log::panic_with([&](FormatSink sink) {
        format_to(sink, "KASAN: {}: {} of {} bytes at {:016x}\n", name_of(bad), name_of(access), size,
                  address);
        describe_code(sink, "by", code);
        describe_target(sink, bad);
        describe_shadow(sink, bad);
    });
}

void report_bad_free(u64 address, u64 code) {
    HeapObject object;
    const bool is_freed =
        find_heap_object(address, object) && object.address == address && object.freed_by != 0;
    log::panic_with([&](FormatSink sink) {
        format_to(sink, "KASAN: {}: of {:016x}\n", is_freed ? "double-free" : "invalid-free", address);
        describe_code(sink, "by", code);
        if (address < memory::KERNEL_START) return;
        describe_target(sink, address);
        describe_shadow(sink, address);
    });
}

void report_wild_access(u64 address, const void* registers) {
    log::panic_with(
        [&](FormatSink sink) {
            // The check reads one byte for eight.
            format_to(sink, "KASAN: {}: access within eight bytes from {:016x}\n",
                      address < PAGE_SIZE ? "null-pointer access" : "wild access", address);
        },
        static_cast<const arch::UserRegisters*>(registers));
}

}  // namespace exo::kasan

#endif

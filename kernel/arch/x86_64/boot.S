// From the loader's 32-bit protected mode to C++ in 64-bit mode.
//
// Entered by PVH (QEMU -kernel, Firecracker, Cloud Hypervisor; xen/include/public/arch-x86/hvm/start_info.h: %ebx is
// the physical address of hvm_start_info) or by Multiboot2 (GRUB; specification 3.3: %eax is the magic, %ebx the
// information). Paging is off, segments are flat, there is no stack.

#define KERNEL_BASE 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - KERNEL_BASE)
#define PROTOCOL_PVH 1
#define PROTOCOL_MULTIBOOT2 2
#define MAX_MODULES 16
#define DEBUG_EXIT_PORT 0xf4
#define EXIT_PANIC 0x11

    .section .multiboot, "a"
    .balign 8
multiboot_header:
    .long 0xe85250d6, 0, multiboot_header_end - multiboot_header
    .long -(0xe85250d6 + (multiboot_header_end - multiboot_header))
    // Entry address: not the ELF entry, which is PVH's.
    .short 3, 0
    .long 12, exo_multiboot_entry_physical
    .balign 8
    // Modules on page boundaries.
    .short 6, 0
    .long 8
    .balign 8
    .short 0, 0
    .long 8
multiboot_header_end:

    // XEN_ELFNOTE_PHYS32_ENTRY
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad exo_pvh_entry_physical

    .section .boot.text, "ax"
    .code32
    .globl exo_pvh_entry, exo_multiboot_entry
exo_pvh_entry:
    // With too little memory a loader may have put a module over the kernel: QEMU puts the initramfs at memory's end. This
    // code is the image's first page, which is lost last. (hvm_start_info: count at 12, list at 16; an entry has 32 bytes.)
    mov 12(%ebx), %ecx
    mov 16(%ebx), %esi
    cmp $MAX_MODULES, %ecx
    ja 3f                        // left to the parser
1:  jecxz 3f
    cmpl $0, 4(%esi)             // at 4 GiB or above
    jne 2f
    mov (%esi), %eax
    cmp $PHYSICAL(exo_image_end), %eax
    jae 2f
    add 8(%esi), %eax
    jc module_over_kernel
    cmp $PHYSICAL(exo_image_start), %eax
    ja module_over_kernel
2:  add $32, %esi
    dec %ecx
    jmp 1b
3:  mov $PROTOCOL_PVH, %esi
    jmp enter_long_mode
exo_multiboot_entry:
    mov $PROTOCOL_MULTIBOOT2, %esi
    cmp $0x36d76289, %eax
    jne no_long_mode

enter_long_mode:
    cli
    cld
    mov %ebx, %edi
    mov $PHYSICAL(boot_stack_top), %esp
    push $2                      // no flag is left on: IOPL, NT, AC
    popf

    // Long mode at all? (CPUID 0x80000001, EDX bit 29)
    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx
    jnc no_long_mode

    // The first 4 GiB in 2 MiB pages: at 0, in the direct map, and the first of them at KERNEL_BASE.
    mov $PHYSICAL(boot_directories), %eax
    mov $0x83, %ecx
1:  mov %ecx, (%eax)
    add $8, %eax
    add $0x200000, %ecx
    jnc 1b
    mov $PHYSICAL(boot_directories) + 3, %eax
    mov %eax, PHYSICAL(boot_pdpt)
    mov %eax, PHYSICAL(boot_pdpt_high) + 510 * 8
    add $4096, %eax
    mov %eax, PHYSICAL(boot_pdpt) + 8
    add $4096, %eax
    mov %eax, PHYSICAL(boot_pdpt) + 16
    add $4096, %eax
    mov %eax, PHYSICAL(boot_pdpt) + 24
    movl $PHYSICAL(boot_pdpt) + 3, PHYSICAL(exo_boot_pml4)
    movl $PHYSICAL(boot_pdpt) + 3, PHYSICAL(exo_boot_pml4) + 256 * 8
    movl $PHYSICAL(boot_pdpt_high) + 3, PHYSICAL(exo_boot_pml4) + 511 * 8

    mov $0x20, %eax              // PAE, and nothing that firmware may have left on
    mov %eax, %cr4
    mov $PHYSICAL(exo_boot_pml4), %eax
    mov %eax, %cr3
    mov $0x80000001, %eax
    cpuid                        // %edi and %esi stay
    mov $0x100, %ebp             // EFER: LME, and NXE if the CPU has it
    bt $20, %edx
    jnc 2f
    or $0x800, %ebp
2:  mov %ebp, %eax
    xor %edx, %edx
    mov $0xc0000080, %ecx
    wrmsr
    mov $0x80050033, %eax        // PG, AM, WP, NE, ET, MP, PE
    mov %eax, %cr0
    lgdt PHYSICAL(boot_gdt_pointer)
    ljmp $0x10, $PHYSICAL(long_mode)

module_over_kernel:
    mov $PHYSICAL(module_over_kernel_text), %esi
    jmp 3f
no_long_mode:
    mov $PHYSICAL(no_long_mode_text), %esi
    // Nothing can be printed safely but on the first serial port. The machine ends as after a panic (drivers/platform.cpp).
3:  cld
    lodsb
    test %al, %al
    jz 4f
    mov $0x3f8, %dx
    out %al, %dx
    jmp 3b
4:  mov $DEBUG_EXIT_PORT, %dx
    in %dx, %al
    test %al, %al
    jnz 5f
    mov $EXIT_PANIC, %al
    out %al, %dx
5:  cli
    hlt
    jmp 5b

module_over_kernel_text:
    .asciz "Exo-OS: the loader has put a module (the initramfs?) over the kernel: the machine has too little memory for it\r\n"
no_long_mode_text:
    .asciz "Exo-OS: this CPU has no 64-bit mode, or the loader speaks neither PVH nor Multiboot2\r\n"

    .code64
long_mode:
    mov $0x18, %eax
    mov %eax, %ss
    mov %eax, %ds
    mov %eax, %es
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    movabs $high_half, %rax
    jmp *%rax

    .text
high_half:
    mov $boot_stack_top, %rsp
    xor %ebp, %ebp
    mov %edi, %eax
    mov %esi, %edi
    mov %eax, %esi
    call exo_start               // (protocol, physical address of the loader's information)
    ud2

    .section .rodata
    .balign 8
boot_gdt:
    .quad 0, 0
    .quad 0x00af9b000000ffff     // 0x10: kernel code
    .quad 0x00cf93000000ffff     // 0x18: kernel data
boot_gdt_end:
boot_gdt_pointer:
    .short boot_gdt_end - boot_gdt - 1
    .quad PHYSICAL(boot_gdt)

    .bss
    .balign 4096
    .globl exo_boot_pml4
exo_boot_pml4:
    .skip 4096
boot_pdpt:
    .skip 4096
boot_pdpt_high:
    .skip 4096
boot_directories:
    .skip 4 * 4096
    .globl exo_boot_stack_guard, exo_boot_stack, exo_boot_stack_end
exo_boot_stack_guard:
    .skip 4096
exo_boot_stack:
    .skip 65536
boot_stack_top:
exo_boot_stack_end:

    .section .symbols, "a"
    .globl exo_symbols
exo_symbols:
    .skip 256 * 1024

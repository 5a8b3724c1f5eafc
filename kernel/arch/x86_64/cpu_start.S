// From the start-up interrupt of a further CPU to C++ in 64-bit mode. start_cpu (start.cpp) copies this code and its data
// to CPU_START_PAGE, where the CPU begins in real mode (Intel SDM vol. 3, 8.4.4); then it goes the way of boot.S, by the
// same tables. Addresses below are those of the copy.

#define KERNEL_BASE 0xffffffff80000000
#define START_PAGE 0x8000
#define COPIED(symbol) (START_PAGE + (symbol) - exo_cpu_start_begin)

    .section .rodata
    .balign 16
    .globl exo_cpu_start_begin, exo_cpu_start_data, exo_cpu_start_end
    .code16
exo_cpu_start_begin:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ds
    lgdtl COPIED(start_gdt_pointer)
    mov $0x11, %eax              // ET, PE
    mov %eax, %cr0
    ljmpl $0x08, $COPIED(protected_mode)

    .code32
protected_mode:
    mov $0x18, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $0x20, %eax              // PAE
    mov %eax, %cr4
    mov $(exo_boot_pml4 - KERNEL_BASE), %eax
    mov %eax, %cr3
    mov COPIED(exo_cpu_start_data) + 16, %eax
    xor %edx, %edx
    mov $0xc0000080, %ecx        // EFER
    wrmsr
    mov $0x80050033, %eax        // PG, AM, WP, NE, ET, MP, PE
    mov %eax, %cr0
    ljmp $0x10, $COPIED(start_long_mode)

    .code64
start_long_mode:
    mov COPIED(exo_cpu_start_data), %rbx
    mov COPIED(exo_cpu_start_data) + 8, %rcx
    movabs $start_high_half, %rax
    jmp *%rax

    .balign 8
start_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff     // 0x08: 32-bit code
    .quad 0x00af9b000000ffff     // 0x10: 64-bit code
    .quad 0x00cf93000000ffff     // 0x18: data
start_gdt_end:
start_gdt_pointer:
    .short start_gdt_end - start_gdt - 1
    .long COPIED(start_gdt)
    .balign 8
exo_cpu_start_data:
    .quad 0, 0, 0                // the kernel's page table, the end of the stack, EFER
exo_cpu_start_end:

    .text
start_high_half:
    mov %rbx, %cr3               // the first bytes of memory are gone from here on
    mov %rcx, %rsp
    xor %ebp, %ebp
    call exo_start_further_cpu
    ud2

    .section .note.GNU-stack, "", @progbits

/* A kernel of a page whose every instruction between the markers is known: test_bench_profile.py compares what the
   counting plugin says with it. Entered by PVH in 32 bits; then 64 bits, kernel half and user half.

   After each region it writes the difference of the cycle counter (its low 32 bits) to the serial port. */

BASE = 0xffffffff80000000
FAR = 100 << 21                     /* a page of 2 MiB that shows the first one once it is mapped */
MSR_PAT = 0x277

    .macro MARKER number
    .byte 0x0f, 0x1f, 0x80
    .long \number
    .endm

    .macro OPEN
    MARKER 0x45580001
    rdtsc
    mov %eax, %r15d
    .endm

    .macro CLOSE                    /* with OPEN's, 4 instructions of the region itself */
    rdtsc
    sub %r15d, %eax
    MARKER 0x45580002
    mov $0x3f8, %edx
    .rept 4
    outb %al, %dx
    shr $8, %eax
    .endr
    .endm

    .macro UNMAP_FAR
    movq $0, directory + 100 * 8
    invlpg FAR
    .endm

    .section .note.Xen, "a", @note
    .align 4
    .long 4, 8, 18                  /* name's size, value's size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad entry - BASE

    .text
    .code32
entry:
    mov $(top - BASE), %eax
    mov %eax, %cr3
    mov $(1 << 5 | 1 << 9 | 1 << 18), %eax  /* PAE, OSFXSR, OSXSAVE */
    mov %eax, %cr4
    mov $0xc0000080, %ecx           /* EFER: SCE, LME */
    mov $0x101, %eax
    xor %edx, %edx
    wrmsr
    mov $0x80000001, %eax           /* paging, protection */
    mov %eax, %cr0
    lgdt gdt_register - BASE
    ljmp $8, $(long_mode - BASE)

    .code64
long_mode:
    mov $high_half, %rax
    jmp *%rax
high_half:
    mov $0x10, %eax
    mov %eax, %ss
    mov $stack_end, %rsp
    lidt idt_register
    call regions
    ud2

    .type regions, @function
regions:
    OPEN                            /* 0: nothing */
    CLOSE

    OPEN                            /* 1: an event of each kind, and some that only look like one */
    mov $MSR_PAT, %ecx
    rdmsr
    wrmsr
    mov %cr3, %rax
    mov %rax, %cr3
    invlpg FAR
    swapgs
    swapgs
    lock incl word
    xchg %rax, word
    xchg %rcx, %rbx
    fxsave area
    fxrstor area
    mov $7, %eax
    xor %edx, %edx
    xsave area
    xrstor area
    outb %al, $0x80
    inb $0x80, %al
    mfence
    lfence
    CLOSE

    OPEN                            /* 2: ten rounds and the empty one */
    mov $10, %ecx
    mov $area, %rdi
    rep stosb
    CLOSE

    OPEN                            /* 3: failing inside a block, at the end of one, and in a repeated instruction */
    nop
    incl FAR + (word - BASE)
    nop
    UNMAP_FAR
    call *FAR + (pointer - BASE)
    UNMAP_FAR
    mov $4, %ecx
    mov $(FAR + area - BASE), %edi
    rep stosb
    CLOSE

    OPEN                            /* 4: two stacks */
    call first
    CLOSE

    mov $0xc0000081, %ecx           /* STAR: kernel's selectors from 8, user's from 0x10 */
    xor %eax, %eax
    mov $0x00100008, %edx
    wrmsr
    inc %ecx                        /* LSTAR */
    mov $(system_call - BASE + 0x80000000), %eax
    mov $0xffffffff, %edx
    wrmsr
    mov $user, %ecx
    mov $0x3002, %r11d              /* may use ports */
    sysretq
    .size regions, . - regions

    .type leaf, @function
leaf:
    ret
    .size leaf, . - leaf

    .type first, @function
first:
    mov $3, %ecx
1:  call switch_stacks
    .rept 10
    nop
    .endr
    dec %ecx
    jnz 1b
    ret
    .size first, . - first

    .type second, @function
second:
    call switch_stacks
    .rept 5
    nop
    .endr
    jmp second
    .size second, . - second

    .type switch_stacks, @function
switch_stacks:
    xchg %rsp, other_stack
    ret
    .size switch_stacks, . - switch_stacks

    .section .page_fault, "ax"      /* at ffffffff80150000: a gate holds the address in pieces */
    .type page_fault, @function
page_fault:
    movq $0x83, directory + 100 * 8
    add $8, %rsp
    iretq
    .size page_fault, . - page_fault
    .text

    .type system_call, @function
system_call:
    nop
    sysretq
    .size system_call, . - system_call

    .section .user, "ax"
    .type user, @function
user:
    OPEN                            /* 5: system calls */
    mov $5, %ebx
1:  syscall
    dec %ebx
    jnz 1b
    CLOSE
    MARKER 0x45580002               /* closes nothing */
    MARKER 0x45580001               /* 6: closed by the next one */
    nop
    nop
    nop
    MARKER 0x45580001               /* 7 */
    nop
    MARKER 0x45580002
    MARKER 0x45580001               /* 8: never closed */
    nop
    mov $0x10, %al
    outb %al, $0xf4                 /* isa-debug-exit: QEMU's status becomes 2 * 16 + 1 */
2:  jmp 2b
    .size user, . - user

    .data
    .align 4096
top:
    .quad low - BASE + 7
    .fill 510, 8, 0
    .quad high - BASE + 7
low:
    .quad directory - BASE + 7
    .fill 511, 8, 0
high:
    .fill 510, 8, 0
    .quad directory - BASE + 7
    .quad 0
directory:
    .set page, 0
    .rept 512
    .if page == 100
    .quad 0
    .else
    .quad page << 21 | 0x87         /* present, writable, user's, 2 MiB */
    .endif
    .set page, page + 1
    .endr
gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cff3000000ffff, 0x00affb000000ffff
gdt_register:
    .word gdt_register - gdt - 1
    .quad gdt - BASE
idt:
    .fill 14 * 2, 8, 0
    .word 0, 8, 0x8e00, 0x8015      /* an interrupt gate to the section .page_fault */
    .long 0xffffffff, 0
idt_register:
    .word idt_register - idt - 1
    .quad idt
word:
    .quad 0
pointer:
    .quad leaf
other_stack:
    .quad other_stack_end - 8
    .align 64
area:
    .fill 4096, 1, 0
    .fill 1024, 1, 0
stack_end:
    .fill 1016, 1, 0
    .quad second
other_stack_end:

/* A kernel that only says TEXT on the serial port and then ends as ENDING says: what exo makes of a machine that ends
   without a word from init can be tested with it. Entered by PVH: 32 bits, no paging (xen/include/public/arch-x86/hvm/
   start_info.h describes the state). */

    .section .note.Xen, "a", @note
    .align 4
    .long 4, 4, 18              /* name's size, value's size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long entry

    .text
    .code32
entry:
    movl $text, %esi
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:
#if ENDING == 0                 /* isa-debug-exit: QEMU's status becomes 2 * 17 + 1 */
    movb $17, %al
    outb %al, $0xf4
#elif ENDING == 1               /* a triple fault, which resets the machine */
    lidt no_table
    int3
#endif
3:  hlt
    jmp 3b

    .data
text:
    .asciz TEXT
no_table:
    .word 0
    .long 0

/* A kernel for two CPUs whose every instruction between the markers is known, and every line that they write in turn:
   test_bench_smp.py compares what the counting plugin for several CPUs says with it. Entered by PVH in 32 bits; the second CPU
   starts in 16 bits and stays there. Both see physical addresses. */

LOOPS = 5000                        /* each CPU writes to a line of its own */
TURNS = 300                         /* each CPU writes to one line, the two in turn */
SLOW = 3                            /* calls of `slow`, which stands for a function that waits for a lock */
ALONE = 100                         /* the first CPU writes to that line */

START_PAGE = 0x8000                 /* where the second CPU begins */
ARRIVED = 0x9000                    /* a line of memory each */
GO = 0x9100
TURN = 0x9200
DONE = 0x9300
LOCK = 0x9400
OWN = 0x9500
OTHERS_OWN = 0x9600

APIC_SPURIOUS = 0xfee000f0
APIC_COMMAND = 0xfee00300
INIT_OTHERS = 0xc4500
START_OTHERS = 0xc4600 | START_PAGE >> 12

    .macro MARKER number
    .byte 0x0f, 0x1f, 0x80
    .long \number
    .endm

    .section .note.Xen, "a", @note
    .align 4
    .long 4, 8, 18                  /* name's size, value's size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad entry

    .text
    .code32
entry:
    mov $stack_end, %esp
    mov $second_cpu, %esi
    mov $START_PAGE, %edi
    mov $(second_cpu_end - second_cpu), %ecx
    rep movsb
    movl $0x1ff, APIC_SPURIOUS
    movl $INIT_OTHERS, APIC_COMMAND
1:  mov $1000000, %ecx
2:  dec %ecx
    jnz 2b
    movl $START_OTHERS, APIC_COMMAND
    cmpb $1, ARRIVED
    jne 1b

    MARKER 0x45580001               /* region 0 */
    movb $1, GO
    mov $LOOPS, %ecx
1:  incl OWN
    dec %ecx
    jnz 1b
    mov $TURNS, %ecx
    jmp take_turn                   /* a block begins where it is counted */
take_turn:
    movb $1, TURN
    jmp wait_for_turn
wait_for_turn:
    pause
    cmpb $0, TURN
    jne wait_for_turn
wait_for_turn_end:
    dec %ecx
    jnz take_turn
    lock incl LOCK
    .rept SLOW
    call slow
    .endr
    jmp wait_for_end
wait_for_end:
    pause
    cmpb $1, DONE
    jne wait_for_end
wait_for_end_end:
    MARKER 0x45580002

    MARKER 0x45580001               /* region 1: the first write takes the line from the second CPU */
    mov $ALONE, %ecx
1:  incb TURN
    dec %ecx
    jnz 1b
    MARKER 0x45580002

    mov $0x10, %eax
    out %eax, $0xf4
    hlt

slow:
    lock incl LOCK
    ret
slow_end:
    nop                             /* so that the next label is not at the same address */

    .code16
second_cpu:
    xor %ax, %ax
    mov %ax, %ds
    movb $1, ARRIVED
    jmp wait_for_go
wait_for_go:
    pause
    cmpb $1, GO
    jne wait_for_go
wait_for_go_end:
    mov $LOOPS, %ecx
1:  incl OTHERS_OWN
    dec %ecx
    jnz 1b
    mov $TURNS, %ecx
    jmp wait_for_other
wait_for_other:
    pause
    cmpb $1, TURN
    jne wait_for_other
wait_for_other_end:
    movb $0, TURN
    dec %ecx
    jnz wait_for_other
    movb $1, DONE
1:  hlt
    jmp 1b
second_cpu_end:

    .bss
    .align 16
    .skip 256
stack_end:

// Copies between kernel and user memory. A fault at a marked instruction is first offered to vm; if it cannot be
// resolved, execution goes on at the label that the fault table names. The addresses were range-checked before.
//
// usize copy(to, from, size): bytes NOT copied. Eight bytes at a time, the rest singly; after a fault in the eight-byte
// loop the rest is tried byte by byte, so that the count is exact.


    .macro USER_ACCESS_ON
    .pushsection .smap_sites, "a"
    .quad 1f
    .popsection
1:  stac
    .endm

    .macro USER_ACCESS_OFF
    .pushsection .smap_sites, "a"
    .quad 1f
    .popsection
1:  clac
    .endm

    .macro ON_FAULT from, to
    .pushsection .fault_table, "a"
    .quad \from, \to
    .popsection
    .endm

    // A machine that traces (arch::trace_system_calls) jumps from the first instructions of \name to \traced, which is C++ and
    // makes the copy through a second instance of the same code.
    .macro TRACE_SITE name, traced
    .pushsection .trace_sites, "a"
    .quad \name, \traced
    .popsection
    .endm

    .macro COPY name
    .globl \name
    .type \name, @function
\name:
    USER_ACCESS_ON
    mov %rdx, %rcx
    shr $3, %rcx
    and $7, %edx
    test %rcx, %rcx
    jz 3f
2:  rep movsq
3:  mov %edx, %ecx
    test %ecx, %ecx
    jz 5f
4:  rep movsb
5:  USER_ACCESS_OFF
    mov %rcx, %rax
    ret
6:  // %rcx words are left, then %rdx bytes
    lea (%rdx, %rcx, 8), %rcx
7:  rep movsb
    jmp 5b
    ON_FAULT 2b, 6b
    ON_FAULT 4b, 5b
    ON_FAULT 7b, 5b
    .size \name, . - \name
    .endm

    .text
    COPY exo_copy_from_user
    COPY exo_copy_to_user
    COPY exo_plain_copy_from_user
    COPY exo_plain_copy_to_user
    TRACE_SITE exo_copy_from_user, exo_traced_copy_from_user
    TRACE_SITE exo_copy_to_user, exo_traced_copy_to_user

// usize zero(to, size)
    .macro ZERO name
    .globl \name
    .type \name, @function
\name:
    USER_ACCESS_ON
    mov %rsi, %rcx
    mov %esi, %edx
    xor %eax, %eax
    shr $3, %rcx
    and $7, %edx
2:  rep stosq
    mov %edx, %ecx
4:  rep stosb
5:  USER_ACCESS_OFF
    mov %rcx, %rax
    ret
6:  lea (%rdx, %rcx, 8), %rcx
7:  rep stosb
    jmp 5b
    ON_FAULT 2b, 6b
    ON_FAULT 4b, 5b
    ON_FAULT 7b, 5b
    .size \name, . - \name
    .endm
    ZERO exo_zero_user
    ZERO exo_plain_zero_user
    TRACE_SITE exo_zero_user, exo_traced_zero_user

// isize copy_string(to, from, size): length before the NUL, `size` if there is none, -1 after a fault. Eight bytes at a time
// as long as they are there; what lies in `to` behind the NUL is of no meaning.
    .macro COPY_STRING name
    .globl \name
    .type \name, @function
\name:
    USER_ACCESS_ON
    xor %eax, %eax
    movabs $0x0101010101010101, %r8
    movabs $0x8080808080808080, %r9
1:  lea 8(%rax), %rcx
    cmp %rdx, %rcx
    ja 5f
2:  mov (%rsi, %rax), %r10
    mov %r10, (%rdi, %rax)
    mov %r10, %r11
    sub %r8, %r11
    not %r10
    and %r10, %r11
    and %r9, %r11                  // the lowest bit that is set belongs to the first zero byte
    jnz 4f
    mov %rcx, %rax
    jmp 1b
4:  bsf %r11, %r11
    shr $3, %r11
    add %r11, %rax
3:  USER_ACCESS_OFF
    ret
5:  cmp %rdx, %rax                 // near the end of either: singly
    je 3b
6:  movb (%rsi, %rax), %cl
    movb %cl, (%rdi, %rax)
    test %cl, %cl
    je 3b
    inc %rax
    jmp 5b
7:  mov $-1, %rax
    jmp 3b
    ON_FAULT 2b, 5b
    ON_FAULT 6b, 7b
    .size \name, . - \name
    .endm
    COPY_STRING exo_copy_string_from_user
    COPY_STRING exo_plain_copy_string_from_user
    TRACE_SITE exo_copy_string_from_user, exo_traced_copy_string_from_user

// u64 exo_load_user_word(address): the 32-bit word; bit 32 set after a fault.
    .globl exo_load_user_word
    .type exo_load_user_word, @function
exo_load_user_word:
    USER_ACCESS_ON
2:  mov (%rdi), %eax
3:  USER_ACCESS_OFF
    ret
4:  movabs $0x100000000, %rax
    jmp 3b
    ON_FAULT 2b, 4b
    .size exo_load_user_word, . - exo_load_user_word

// u64 exo_compare_exchange_user(address, expected, desired): the value observed; bit 32 set after a fault.
    .globl exo_compare_exchange_user
    .type exo_compare_exchange_user, @function
exo_compare_exchange_user:
    USER_ACCESS_ON
    mov %esi, %eax
2:  lock cmpxchg %edx, (%rdi)
    mov %eax, %eax
3:  USER_ACCESS_OFF
    ret
4:  movabs $0x100000000, %rax
    jmp 3b
    ON_FAULT 2b, 4b
    .size exo_compare_exchange_user, . - exo_compare_exchange_user

// bool exo_xsave_to_user(address, components), exo_xrstor_from_user: false after a fault. XRSTOR also faults (#GP) on a
// header or an MXCSR that it does not take.
    .macro STATE name, instruction
    .globl \name
    .type \name, @function
\name:
    mov %esi, %eax
    mov %rsi, %rdx
    shr $32, %rdx
    USER_ACCESS_ON
2:  \instruction (%rdi)
    USER_ACCESS_OFF
    mov $1, %eax
    ret
4:  USER_ACCESS_OFF
    xor %eax, %eax
    ret
    ON_FAULT 2b, 4b
    .size \name, . - \name
    .endm
    STATE exo_xsave_to_user, xsave64
    STATE exo_xrstor_from_user, xrstor64

    .section .note.GNU-stack, "", @progbits

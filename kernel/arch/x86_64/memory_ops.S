// memcpy, memmove, memset, memcmp, strlen: what the compiler may call. Word-wise string instructions: short in
// instructions executed, and fast on every CPU with enhanced string operations.

    .text
    .globl memcpy, memmove, memset, memcmp, strlen
    .type memcpy, @function
    .type memmove, @function
    .type memset, @function
    .type memcmp, @function
    .type strlen, @function

memmove:
    mov %rdi, %rax
    sub %rsi, %rax
    cmp %rdx, %rax               // to - from < size (unsigned): the end of `from` would be overwritten
    jb copy_backwards
    cmp $16, %rdx
    jb memcpy                    // short ones are read before they are written
    mov %rdi, %rax
    mov -8(%rsi, %rdx), %r8      // the last word first: it covers the tail, and may be overwritten before its turn
    lea -8(%rdi, %rdx), %r9
    lea -1(%rdx), %rcx
    shr $3, %rcx
    rep movsq
    mov %r8, (%r9)
    ret

memcpy:
    mov %rdi, %rax
    cmp $16, %rdx
    jae 1f
    // Up to 15 bytes without a string instruction.
    test $8, %dl
    jz 2f
    mov (%rsi), %rcx
    mov -8(%rsi, %rdx), %r8
    mov %rcx, (%rdi)
    mov %r8, -8(%rdi, %rdx)
    ret
2:  test $4, %dl
    jz 3f
    mov (%rsi), %ecx
    mov -4(%rsi, %rdx), %r8d
    mov %ecx, (%rdi)
    mov %r8d, -4(%rdi, %rdx)
    ret
3:  test %edx, %edx
    jz 4f
    movzbl (%rsi), %ecx
    test $2, %dl
    jz 5f
    movzwl -2(%rsi, %rdx), %r8d
    mov %r8w, -2(%rdi, %rdx)
5:  mov %cl, (%rdi)
4:  ret
1:  mov -8(%rsi, %rdx), %r8      // the last word first: it covers the tail
    lea -1(%rdx), %rcx
    shr $3, %rcx
    mov %r8, -8(%rdi, %rdx)
    rep movsq
    ret

copy_backwards:
    mov %rdi, %rax
    std
    lea -8(%rsi, %rdx), %rsi
    lea -8(%rdi, %rdx), %rdi
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    add $7, %rsi
    add $7, %rdi
    mov %edx, %ecx
    and $7, %ecx
    rep movsb
    cld
    ret

memset:
    mov %rdi, %r8
    movzbl %sil, %eax
    movabs $0x0101010101010101, %rcx
    imul %rcx, %rax
    mov %rdx, %rcx
    shr $3, %rcx
    rep stosq
    mov %edx, %ecx
    and $7, %ecx
    rep stosb
    mov %r8, %rax
    ret

memcmp:
    mov %rdx, %rcx
    xor %eax, %eax               // also sets ZF: size 0 is equal
    repe cmpsb                   // %rdi is a, %rsi is b
    je 1f
    movzbl -1(%rdi), %eax
    movzbl -1(%rsi), %ecx
    sub %ecx, %eax
1:  ret

strlen:
    xor %eax, %eax
1:  cmpb $0, (%rdi, %rax)
    je 2f
    inc %rax
    jmp 1b
2:  ret

    .section .note.GNU-stack, "", @progbits

// The switch between two kernel threads. Needs no privilege: the hosted build links this very file.
//
// void exo_switch_context(ThreadContext* from, const ThreadContext* to)
//
// The six callee-saved registers stay in a window on the stack that is left; the context records four words.
// rsp at 0, rip at 8, cr3 at 16, rflags at 24. Interrupts are off on both sides.

    .text
    .globl exo_switch_context
    .type exo_switch_context, @function
exo_switch_context:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    lea 1f(%rip), %rax
    mov %rsp, 0(%rdi)
    mov %rax, 8(%rdi)
    mov 0(%rsi), %rsp
    jmp *8(%rsi)
1:  pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
    .size exo_switch_context, . - exo_switch_context

// Where a new thread begins: its entry is in %rbx's slot of the window, the argument in %r12's (prepare_context).
    .globl exo_thread_trampoline
    .type exo_thread_trampoline, @function
exo_thread_trampoline:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    mov %r12, %rdi
    xor %ebp, %ebp
    call *%rbx
    ud2
    .size exo_thread_trampoline, . - exo_thread_trampoline

    .section .note.GNU-stack, "", @progbits

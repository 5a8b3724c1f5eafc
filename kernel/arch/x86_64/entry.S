// Every way into the kernel, and the ways out of it.
//
// Each entry builds one UserRegisters (arch/interface.hpp) on the kernel stack and calls C++. Offsets: r15 0 … rdi 112,
// original_rax 120, rip 128, cs 136, rflags 144, rsp 152, ss 160.
//
// %gs: user mode has its own base; swapgs on the way in and out. Entries that can interrupt the kernel between its entry
// and its swapgs (NMI, #DF, #MC, #DB) have stacks of their own and take the CPU's record from the stack's top instead
// of judging by the base, which a user with FSGSBASE can make look like anything.

#define USER_CS 0x33
#define USER_SS 0x2b

    .macro CLEAR_AC                // with SMAP, %rflags.AC of the interrupted code must not open user memory to us
    .pushsection .smap_sites, "a"
    .quad 9f
    .popsection
9:  clac
    .endm

    .macro PUSH_REST               // after original_rax (and, for traps, rdi)
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    .endm

    .macro POP_ALL                 // leaves %rsp at original_rax
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    .endm

    .text

// ---- Exceptions and interrupts: 256 stubs of 16 bytes.
    .balign 16
    .globl exo_vector_stubs
exo_vector_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    // Exceptions 8, 10-14, 17, 21, 29, 30 push an error code by themselves.
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push $0
    .endif
    push $vector
    .if vector == 1 || vector == 2 || vector == 8 || vector == 18
    jmp entry_on_own_stack
    .else
    jmp entry_common
    .endif
    .set vector, vector + 1
    .endr

entry_common:
    xchg %rdi, (%rsp)              // the vector's slot is rdi's in UserRegisters
    PUSH_REST
    cld
    CLEAR_AC
    testb $3, 136(%rsp)
    jz 1f
    swapgs
1:  mov %rsp, %rsi
    xor %ebp, %ebp
    testb $3, 136(%rsp)
    jnz 2f
    mov 32(%rsp), %rbp             // a backtrace goes on through the interrupted kernel code
2:  sub $8, %rsp
    call exo_trap                  // (vector, registers)
    add $8, %rsp
    .globl exo_return_from_trap
exo_return_from_trap:
    testb $3, 136(%rsp)
    jz 1f
    swapgs
1:  POP_ALL
    add $8, %rsp
    .globl exo_iretq
exo_iretq:
    iretq

entry_on_own_stack:
    xchg %rdi, (%rsp)
    PUSH_REST
    cld
    CLEAR_AC
    testb $3, 136(%rsp)
    jz 1f
    cmp $1, %edi
    je 3f                          // #DB from user mode: an ordinary exception, on the thread's stack
1:  // The CPU's record lies above the frame, at the top of this stack.
    mov $0xc0000101, %ecx          // GS_BASE
    rdmsr
    mov %eax, %r12d
    mov %edx, %r13d
    mov 168(%rsp), %rax
    mov %rax, %rdx
    shr $32, %rdx
    wrmsr
    mov %rsp, %rsi
    xor %ebp, %ebp
    sub $8, %rsp
    call exo_trap_on_own_stack     // (vector, registers)
    add $8, %rsp
    mov $0xc0000101, %ecx
    mov %r12d, %eax
    mov %r13d, %edx
    wrmsr
    POP_ALL
    add $8, %rsp
    iretq
3:  swapgs
    mov %rsp, %rsi
    mov %gs:16, %rsp               // the thread's kernel stack is empty: we come from user mode
    sub $168, %rsp
    mov %rdi, %rbx
    mov %rsp, %rdi
    mov $21, %ecx
    rep movsq
    mov %rsp, %rsi
    mov %rbx, %rdi
    xor %ebp, %ebp
    sub $8, %rsp
    call exo_trap
    add $8, %rsp
    jmp exo_return_from_trap

// ---- SYSCALL. Interrupts are off (SFMASK), %rcx holds the user's rip, %r11 its rflags.
//
// The fast path saves what a C++ function may clobber, in its place in UserRegisters, and calls the fast handler of this
// number if there is one. If that declines (before any effect) the rest is saved and the full path runs.
    .macro ENTER_SYSTEM_CALL       // leaves %rsp at r11
    swapgs
    mov %rsp, %gs:24
    mov %gs:16, %rsp
    push $USER_SS
    push %gs:24
    push %r11
    push $USER_CS
    push %rcx
    push %rax                      // original_rax
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push $-38                      // rax: ENOSYS unless somebody says otherwise
    push %r8
    push %r9
    push %r10
    push %r11
    .endm

    .balign 16
    .globl exo_syscall_entry
exo_syscall_entry:
    ENTER_SYSTEM_CALL

    mov $512, %ecx                 // one entry for all that is beyond the table, without a branch to mispredict
    cmp %rcx, %rax
    cmovae %rcx, %rax
    mov exo_fast_handlers(, %rax, 8), %rcx
    test %rcx, %rcx
    jz full_path
    mov %gs:8, %r11
    cmpl $0, (%r11)                // ThreadHeader::work: tracing, signals, another thread's turn
    jne full_path
    mov %rcx, %rax
    mov %r10, %rcx
    call *%rax
    cmp $-4096, %rax               // FAST_PATH_DECLINED
    je fast_path_declined
    mov %gs:8, %rcx
    cmpl $0, (%rcx)
    jne fast_path_with_work
    // The stack holds r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, original_rax, rip, cs, rflags, rsp, ss. %rcx is a
    // user address below 2^47: SYSCALL came from there, and the last user page is never mapped.
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    add $8, %rsp
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    mov 32(%rsp), %rsp
    swapgs
    sysretq

fast_path_declined:
    mov 120 - 48(%rsp), %rax       // the six callee-saved registers are not there yet
    mov $512, %ecx
    cmp %rcx, %rax
    cmovae %rcx, %rax
    mov 112 - 48(%rsp), %rdi
    mov 104 - 48(%rsp), %rsi
    mov 96 - 48(%rsp), %rdx
    mov 56 - 48(%rsp), %r10
    mov 72 - 48(%rsp), %r8
    mov 64 - 48(%rsp), %r9

// %rax: the number, at most 512; the arguments are in their registers.
full_path:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %r10, %rcx
    mov %rsp, %r10
    push %r10                      // the seventh parameter: UserRegisters&
    xor %ebp, %ebp
    sti
    call *exo_call_handlers(, %rax, 8)  // SystemCallOutcome: value in %rax, error in %rdx
    add $8, %rsp
    test %edx, %edx
    jnz call_failed
    mov %rax, 80(%rsp)
call_done:
    cli
    mov %gs:8, %rax
    cmpl $0, (%rax)                // ThreadHeader::work
    jne 2f
    .globl exo_return_from_system_call
exo_return_from_system_call:
    // SYSRET only if it restores everything: rcx == rip (canonical, in the user half), r11 == rflags without RF and TF, and
    // the 64-bit code segment (rt_sigreturn may go back to the 32-bit one). On some CPUs SYSRET to a non-canonical address
    // faults in kernel mode with the user's stack.
    cmpl $USER_CS, 136(%rsp)
    jne 3f
    mov 88(%rsp), %rcx
    cmp 128(%rsp), %rcx
    jne 3f
    mov %rcx, %rax
    shr $47, %rax
    jnz 3f
    mov 48(%rsp), %r11
    cmp 144(%rsp), %r11
    jne 3f
    test $0x10100, %r11d
    jnz 3f
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    add $8, %rsp
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    add $8, %rsp
    pop %rdx
    pop %rsi
    pop %rdi
    mov 32(%rsp), %rsp             // original_rax, rip, cs, rflags, rsp
    swapgs
    sysretq

call_failed:
    mov %rsp, %rdi
    mov %edx, %esi
    sub $8, %rsp
    call exo_system_call_failed    // (registers, error): a negative errno in rax, or a restart
    add $8, %rsp
    jmp call_done

3:  mov %rsp, %rdi
    sub $8, %rsp
    call exo_prepare_return_to_user  // IRET must not meet a non-canonical address either
    add $8, %rsp
    jmp exo_return_from_trap

fast_path_with_work:
    // The call is done, its result stands; signals and other threads come first.
    mov %rax, 32(%rsp)
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
2:  mov %rsp, %rdi
    xor %ebp, %ebp
    sub $8, %rsp
    call exo_prepare_return_to_user
    add $8, %rsp
    jmp exo_return_from_system_call

// ---- SYSCALL in a machine that traces (LSTAR, set_cpu_state): every call goes through upcalls::traced_system_call.
    .balign 16
    .globl exo_traced_syscall_entry
exo_traced_syscall_entry:
    ENTER_SYSTEM_CALL
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    xor %ebp, %ebp
    sti
    sub $8, %rsp
    call exo_traced_system_call    // (registers): rax is written
    add $8, %rsp
    jmp call_done

// ---- SYSCALL from the 32-bit code segment 0x23, which a far jump reaches: there are no 32-bit system calls. Runs in ring 0 on
// the program's own stack and GS base with interrupts off, so it touches neither; SYSRETL goes back to 0x23.
    .balign 16
    .globl exo_compatibility_syscall_entry
exo_compatibility_syscall_entry:
    mov $-38, %eax                 // ENOSYS
    sysretl

// ---- arch::relax: one turn of a loop that waits for another CPU. Keeps all registers.
    .globl exo_wait_a_turn
exo_wait_a_turn:
    pause
    push %rax
    lea exo_serve_requests(%rip), %rax
    call exo_call_keeping_registers
    pop %rax
    ret

// ---- arch::call_keeping_registers: calls the function in %rax with %rdi. Keeps all registers, and takes any alignment of the stack.
    .globl exo_call_keeping_registers
exo_call_keeping_registers:
    push %rax
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbp
    mov %rsp, %rbp
    and $-16, %rsp
    cld
    call *%rax
    mov %rbp, %rsp
    pop %rbp
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rax
    ret

// ---- void enter_user(UserRegisters&): the first return of a new program or of a forked child.
    .globl exo_enter_user
exo_enter_user:
    mov %rdi, %rsp
    jmp exo_return_from_trap

    .section .note.GNU-stack, "", @progbits

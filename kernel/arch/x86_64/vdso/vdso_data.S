// The bytes of the vDSO, as cmake/kernel.cmake has built it.
    .section .rodata.vdso, "a", @progbits
    .globl exo_vdso_start, exo_vdso_end
    .balign 16
exo_vdso_start:
    .incbin EXO_VDSO_PATH
exo_vdso_end:
    .section .note.GNU-stack, "", @progbits

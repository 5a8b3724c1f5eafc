# assembles, links, takes apart, strips and archives
printf '.globl _start\n.text\n_start: mov $60, %%eax\n mov $7, %%edi\n syscall\n.data\nv: .asciz "text here"\n' >a.s
as a.s -o a.o && ld a.o -o a && (./a || echo "status $?") && objdump -d a | tail -4 && readelf -hl a | grep -E 'Entry|LOAD|Type:' && nm a && size a && strings a | head -1
ar rcsD l.a a.o && ar t l.a && ranlib -D l.a && nm -s l.a | head -3 && strip a && nm a 2>&1; objcopy -O binary -j .text a t.bin && od -An -tx1 t.bin && addr2line -e a.o 0 && c++filt _ZN3foo3barEi && ld nothing.o 2>&1 || echo "status $?"; rm -f a a.o l.a

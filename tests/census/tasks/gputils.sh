# assembles, links and takes a program for a microcontroller apart
# mask: times
printf '\tlist p=16f84\n\tinclude <p16f84.inc>\n\torg 0\nstart:\tmovlw 0x55\n\tmovwf 0x0c\nloop:\tdecfsz 0x0c,f\n\tgoto loop\n\tend\n' >t.asm
gpasm -q t.asm && cat t.hex && gpdasm -p 16f84 t.hex && gpasm -q -c t.asm -o t.o && gpvo -h t.o 2>&1 | head -2 && gpstrip -s t.o; ls
printf '\tbad op\n' >b.asm && gpasm -p 16f84 b.asm 2>&1 || echo "status $?"; rm -f t.o *.cod *.lst

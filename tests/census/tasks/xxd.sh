# dumps a file in several ways and turns a dump back into it
printf 'hello, world\n\000\001\377 end' >file
xxd file
xxd -p file
xxd -i file
xxd -b -c 4 -l 12 file
xxd file | xxd -r | cmp - file && echo back
printf '0000003: 4c4c' | xxd -r - file && xxd -s 2 -l 6 file

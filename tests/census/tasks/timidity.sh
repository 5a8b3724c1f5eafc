# plays a tune of notes into a file
printf 'MThd\0\0\0\006\0\0\0\001\0\140MTrk\0\0\0\033\0\300\0\0\220\074\144\140\200\074\0\0\220\100\144\140\200\100\0\0\377\057\0\0\0\0' >t.mid
timidity -Ow -s 8000 -OwM1 -o t.wav t.mid >log 2>&1 || echo "status $?"
soxi -r -c t.wav 2>/dev/null; test "$(soxi -s t.wav)" -gt 1000 && echo played; rm -f t.wav log

# packs several formats, tests, lists and unpacks
mkdir d && seq 2000 >d/a && echo b >d/b && touch -d '2024-01-01 UTC' d/a d/b d
7z a -bd t.7z d >/dev/null && 7z t -bd t.7z | grep -c Ok && 7z l -ba t.7z | awk '{print $NF}'
7z a -bd -tzip -mtc=off t.zip d >/dev/null && 7z x -bd -y -ou t.zip >/dev/null && diff -r d u/d && echo same
7z e -so t.7z d/a 2>/dev/null | tail -1; 7z x -bd -y nothing.7z >/dev/null 2>&1 || echo "status $?"; rm -f *.7z t.zip

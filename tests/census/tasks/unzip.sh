# tests, lists and unpacks an archive
mkdir d && seq 100 >d/a && echo b >d/b && touch -d '2024-01-01 UTC' d/a d/b d && zip -qrX t.zip d
unzip -t t.zip && unzip -l t.zip && unzip -p t.zip d/a | tail -1
mkdir u && unzip -q t.zip -d u && diff -r d u/d && echo same && unzip -o -j t.zip 'd/b' -d j
zipinfo t.zip | cut -c 1-70 && zipgrep 77 t.zip && head -c 100 t.zip >cut.zip && unzip -q cut.zip 2>/dev/null || echo "status $?"
unzip -Z1 t.zip | sort

# cpio: newc archives written, listed and read again.
mkdir -p t/u; echo 1 > t/one; echo 2 > t/u/two; ln -s one t/l
find t | sort | cpio -o -H newc > a.cpio 2>/dev/null
head -c 6 a.cpio; echo
cpio -t < a.cpio 2>/dev/null
mkdir x; cd x; cpio -id < ../a.cpio 2>/dev/null; cd ..
diff -r t x/t && echo same
readlink x/t/l
head -c 200 a.cpio | cpio -t > /dev/null 2>&1 || echo truncated

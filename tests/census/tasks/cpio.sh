# packs and unpacks archives of several formats
mkdir -p d/e && seq 100 >d/a && ln d/a d/h && ln -s a d/l && echo x >d/e/x
find d | sort | cpio -o -H newc --reproducible --quiet >n.cpio && cpio -it --quiet <n.cpio
find d | sort | cpio -o -H ustar --quiet | tar tf - | sort
mkdir u && cd u && cpio -id --quiet <../n.cpio && diff -r ../d d && stat -c %h d/a && cd ..
find d | cpio -pdm --quiet p && diff -r d p/d && echo same
cpio -i --to-stdout --quiet d/e/x <n.cpio && cpio -itv --quiet <n.cpio | cut -c 1-10
head -c 300 n.cpio | cpio -it 2>&1 >/dev/null | tail -1; rm n.cpio

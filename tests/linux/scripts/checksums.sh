# md5sum, sha1sum, sha256sum, sha512sum, crc32: known answers and checking files.
printf abc | md5sum
printf abc | sha1sum
printf abc | sha256sum
printf abc | sha512sum | cut -c1-32
printf abc | crc32
seq 1 20000 | md5sum
echo data > f; sha256sum f > sums; sha256sum -c sums
echo changed > f; sha256sum -c sums 2>&1 | grep -v WARNING
md5sum /dev/null

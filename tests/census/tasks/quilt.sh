# keeps a stack of patches on a tree
mkdir tree && cd tree
seq 1 20 >file
export QUILT_PATCHES=patches QUILT_NO_DIFF_TIMESTAMPS=1 QUILT_PAGER=
quilt new one.patch
quilt add file
sed -i 's/^5$/five/' file
quilt refresh
quilt new two.patch
quilt add file
sed -i 's/^15$/fifteen/' file
quilt refresh
quilt series
quilt pop -a
cksum file
quilt push -a
cat patches/two.patch
quilt diff -z
rm -rf .pc

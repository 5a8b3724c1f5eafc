# commits, branches, merges and verifies a repository
export HGUSER=a HGPLAIN=1
hg init repo
cd repo
for i in 1 2 3; do
    seq 1 $((i * 10)) >file$i
    hg add -q
    hg commit -d '0 0' -m "commit $i"
done
hg update -q 1
echo side >side && hg add -q side && hg commit -q -d '0 0' -m side
hg merge -q && hg commit -d '0 0' -m merge
hg log -G -T '{rev} {node|short} {desc}\n'
hg verify
hg bundle -q --all ../all.hg
hg diff -r 0 -r tip --stat
cd .. && rm -rf repo/.hg all.hg

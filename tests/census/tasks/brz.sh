# commits, branches and merges with Breezy
# limit: 300
export BRZ_EMAIL='a <a@b>' BRZ_LOG=/dev/null
brz init -q one
cd one
seq 1 20 >file && brz add -q && brz commit -q -m first --commit-time '2024-01-01 00:00:00 +0000'
cd .. && brz branch -q one two && cd two
sed -i 's/^2$/two/' file && brz commit -q -m second --commit-time '2024-01-02 00:00:00 +0000'
cd ../one && brz merge -q ../two && brz commit -q -m merged --commit-time '2024-01-03 00:00:00 +0000'
brz log -n0 --line
brz diff -r1..2 || true
brz check 2>&1 | tail -n 6
cd .. && rm -rf one/.bzr two/.bzr home/.config home/.cache home/.bazaar

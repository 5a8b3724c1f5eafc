# Long pipelines, early ends, big data, SIGPIPE.
seq 1 100 | grep 7 | wc -l
yes | head -1000 | wc -l
cat /dev/zero | head -c 300000 | wc -c
seq 1 50000 | cat | cat | cat | cat | cat | tail -1
(yes; echo $? >&2) 2> status | head -1; cat status
seq 1 10 | (head -1 > /dev/null; cat > /dev/null; echo end)
echo a | { cat; echo b; } | { cat; echo c; } | tr '\n' ' '; echo
dd if=/dev/urandom bs=1k count=200 2>/dev/null | tee copy | md5sum > one; md5sum < copy | cmp - one && echo same
: | cat | wc -c

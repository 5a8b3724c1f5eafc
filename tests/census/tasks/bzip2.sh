# compresses, tests, unpacks and recovers
seq 1 30000 >f && cp f g
bzip2 -k f && bzip2 -t f.bz2 && bzcat f.bz2 | cmp - g && echo same
bzip2 -1 -c g | wc -c && bzip2 -9 -s -c g | bunzip2 | sha256sum
bzgrep -c 777 f.bz2 && head -c 1000 f.bz2 >cut.bz2 && bunzip2 -c cut.bz2 2>/dev/null >/dev/null || echo "status $?"
bzip2 -c -1 g >many.bz2 && bzip2recover many.bz2 2>&1 | tail -2 && ls rec* && bzip2 -dc rec00001many.bz2 | head -1
rm rec*

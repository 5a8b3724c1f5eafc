# indexes a sequence and aligns reads to it
# mask: content
awk 'BEGIN {s = 7; print ">c"; for (j = 0; j < 2000; j++) {s = (s * 75 + 74) % 65537; printf "%s", substr("ACGT", s % 4 + 1, 1)} print ""}' >r.fa
bowtie2-build -q r.fa i >/dev/null 2>&1 && ls i.* && (for p in 100 700 1500; do echo ">r$p"; tail -1 r.fa | cut -c $p-$((p + 49)); done) >q.fa
bowtie2 --no-hd -f -x i -U q.fa 2>log | cut -f 1-6 && tail -1 log && bowtie2-inspect -s i | grep -c Sequence; bowtie2 -x none -f -U q.fa >/dev/null 2>&1 || echo "status $?"; rm -f i.*.bt2 log

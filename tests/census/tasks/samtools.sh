# sorts, indexes, counts and views sequences
printf '>c\nACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT\n' >r.fa && samtools faidx r.fa && cat r.fa.fai && samtools faidx r.fa c:3-9
printf '@HD\tVN:1.6\n@SQ\tSN:c\tLN:40\nr1\t0\tc\t21\t60\t8M\t*\t0\t0\tACGTACGT\tIIIIIIII\nr2\t16\tc\t5\t60\t8M\t*\t0\t0\tACGTACGT\tIIIIIIII\nr3\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n' >a.sam
samtools sort --no-PG -@ 1 -o a.bam a.sam && samtools index a.bam && samtools view a.bam && samtools flagstat a.bam | head -5 && samtools view -c a.bam c:1-15 && samtools depth a.bam | head -3 && samtools idxstats a.bam
samtools mpileup -f r.fa a.bam 2>/dev/null | head -2; samtools view -C --no-PG -T r.fa a.bam | samtools view - | wc -l; samtools fastq a.bam 2>/dev/null | head -4; samtools quickcheck r.fa || echo "status $?"; rm -f a.bam*

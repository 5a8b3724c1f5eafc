# makes a data base of sequences and searches in it
# mask: content
awk 'BEGIN {srand(1); s = 7; for (i = 0; i < 20; i++) {printf ">s%d\n", i; for (j = 0; j < 200; j++) {s = (s * 75 + 74) % 65537; printf "%s", substr("ACGT", s % 4 + 1, 1)} print ""}}' >db.fa
makeblastdb -in db.fa -dbtype nucl -out db >/dev/null && (echo '>q'; sed -n 6p db.fa | cut -c 50-149) >q.fa && blastn -task blastn -query q.fa -db db -outfmt 6 | head -3
blastdbcmd -db db -info | grep -E 'sequences|bases' && printf '>p\nMKVLAAGIVGLLLAQWERTYHH\n' >p.fa && blastp -query p.fa -subject p.fa -outfmt '6 qseqid pident length' && dustmasker -in q.fa -outfmt fasta | tail -1; blastn -query q.fa -db none 2>&1 | grep -c Error; rm db.n*

# compresses, tests, lists and unpacks
# mask: content
seq 1 20000 >file && cp file copy
gzip -9 -n -k file && gzip -t file.gz && gzip -l file.gz
zcat file.gz | cmp - copy && echo same
gzip -1 -n <copy | wc -c && gzip -n <copy | sha256sum
cat file.gz file.gz | gunzip | wc -l
zgrep -c 777 file.gz && zdiff file.gz copy && echo equal
head -c 100 file.gz >cut.gz && gunzip -c cut.gz 2>&1 >/dev/null || echo "status $?"
gunzip -f file.gz && cmp file copy && echo whole

# gzip, bzip2 and xz streams: round trips, sizes, damage noticed.
seq 1 5000 > f
sum=$(md5sum < f)
gzip -k f && [ "$(gunzip -c f.gz | md5sum)" = "$sum" ] && echo gzip round trip
[ $(stat -c %s f.gz) -lt $(stat -c %s f) ] && echo smaller
zcat f.gz | tail -1
bzip2 -k f && bunzip2 -c f.bz2 | md5sum
echo text | gzip | gzip -d
head -c 500 f.gz > cut.gz; gunzip -c cut.gz > /dev/null 2>&1 || echo damage noticed
rm f.gz; gzip f && ls && gunzip f.gz && ls

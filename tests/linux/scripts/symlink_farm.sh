# A farm of links: made, resolved, counted, dangling ones found, removed.
mkdir real farm
for i in $(seq 1 60); do echo $i > real/$i; ln -s ../real/$i farm/link$i; done
cat farm/link* | sort -n | tail -1
ls farm | wc -l
readlink farm/link7
readlink -f farm/link7
rm real/1*
for l in farm/*; do [ -e $l ] || echo $l; done | wc -l
find farm -type l ! -exec test -e {} \; -exec rm {} \;
ls farm | wc -l
ln -sf ../real/2 farm/link3; cat farm/link3
ln -s loop loop; cat loop 2>&1
cp -a farm copy; readlink copy/link20

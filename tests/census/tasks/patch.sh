# makes a patch of two trees and applies it forwards and backwards
mkdir old new
seq 1 100 >old/a && sed 's/^50$/fifty/' old/a >new/a
echo only >new/b
diff -Naur old new >change.patch || true
sed -i 's/\t.*//' change.patch
cp -r old work
patch -d work -p1 <change.patch
diff -r work new && echo applied
patch -d work -p1 -R <change.patch
diff -r work old && echo reverted
printf '1\n2\nx\n4\n' >r && printf '1\n2\n3\n4\n' >s
diff s r | patch -f old/a || echo "refused $?"

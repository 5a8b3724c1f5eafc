# finds by name, size, time and kind, and runs programs on what it found
mkdir -p d/e/f && seq 100 >d/a.txt && head -c 5000 /dev/zero >d/e/big && ln -s ../a.txt d/e/l && touch -d 2020-01-01 d/e/f/old
find d -name '*.txt' -o -type l | sort
find d -type f -size +2k -printf '%s %p\n'
find d ! -newer d/a.txt -type f -name old
find d -type f -exec wc -c {} + | tail -1
find d -type f -print0 | sort -z | xargs -0 -n 2 echo
seq 10 | xargs -P 3 -I{} sh -c 'echo {}' | sort -n | tr '\n' ' '
find d -depth -name f -exec rm -r {} \; && find d -empty
find d -perm 644 -links 1 -user root | sort
printf 'a b\n"c d"\n' | xargs -n 1 echo
seq 5 | xargs sh -c 'exit 255' || echo "status $?"

# find by name, type, size, depth, permission, with -exec and pruning.
mkdir -p a/b/c a/d e
touch a/x.txt a/b/y.txt a/b/c/z.log e/x.txt
printf '%2000s' big > e/big
ln -s ../a e/link
chmod 600 a/x.txt
find . -name '*.txt' | sort
find . -type d | sort
find . -type l
find . -size +1k -type f
find . -maxdepth 1 | sort
find . -perm 600 -type f
find a -name b -prune -o -type f -print | sort
find . -name '*.txt' -exec basename {} \; | sort
find . -type f -print0 | xargs -0 ls | sort
find . -empty -type d | sort
find a -depth | tail -1

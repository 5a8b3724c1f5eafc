# copies trees with links and changes, and deletes what is gone
mkdir -p a/d && seq 5000 >a/f && ln a/f a/h && ln -s f a/l && echo x >a/d/x && chmod 600 a/d/x && touch -d '2024-01-01 UTC' a/f a/d/x a/d a
rsync -aH --itemize-changes a/ b | sort && diff -r a b && stat -c '%h %a' b/f b/d/x
sed -i 's/^2500$/changed/' a/f && rsync -aH --no-whole-file --stats a/ b | grep -E 'files transferred|Matched data|Literal data' && cmp a/f b/f
rm a/d/x && rsync -aHi --delete a/ b && rsync -a --exclude=d -n -v a/ c | sort | head -4
rsync -a --link-dest=/work/b a/ c && stat -c %h c/f && rsync nothing x 2>/dev/null || echo "status $?"
rsync -aH --checksum --out-format=%n a/ b; rsync -a -z --batch=u /dev/null 2>/dev/null || rm -rf u*

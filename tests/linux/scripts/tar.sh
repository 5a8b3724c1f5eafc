# tar: pack, list, unpack, with links, modes and a compressed archive.
mkdir -p d/sub
echo one > d/one; echo two > d/sub/two
ln -s one d/link; ln d/one d/hard; chmod 640 d/sub/two
tar cf a.tar d
tar tf a.tar | sort
mkdir out; tar xf a.tar -C out
diff -r d out/d && echo same
ls -l out/d/sub/two | cut -c1-10
readlink out/d/link
stat -c %h out/d/one
tar czf a.tgz d && tar tzf a.tgz | wc -l
tar xOf a.tar d/sub/two
tar cf - d | tar xf - -C /tmp && cat /tmp/d/sub/two && rm -r /tmp/d

# packs trees with links, owners, sparse files and increments, and unpacks them
mkdir -p t/d && seq 1000 >t/a && ln t/a t/hard && ln -s a t/soft && truncate -s 1M t/sparse && echo x >t/d/x
chown 12:34 t/d/x && touch -d '2024-01-01 UTC' t/a t/d/x t/sparse t/d t && touch -h -d '2024-01-01 UTC' t/soft
tar --sort=name --format=pax --pax-option=delete=atime,delete=ctime -cf a.tar t && sha256sum <a.tar && tar tvf a.tar
mkdir u && tar xpf a.tar -C u && diff -r t u/t && stat -c '%u %g %h' u/t/d/x u/t/hard && tar -S -cf s.tar t/sparse && tar tf s.tar
tar czf b.tgz --exclude=sparse t && tar xzOf b.tgz t/a | wc -l && tar dvf a.tar >/dev/null && echo equal
tar -g snap -cf inc0.tar t && sleep 1.1 && echo new >t/new && tar -g snap -cf inc1.tar t && tar tf inc1.tar
tar -rf a.tar t/new && tar --delete -f a.tar t/hard && tar tf a.tar | wc -l && tar --transform='s,^t,z,' -xf a.tar && ls z
rm -f snap *.tar *.tgz t/sparse u/t/sparse z/sparse

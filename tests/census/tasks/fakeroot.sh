# packs files of an owner that they do not have
cat >t.sh <<'E'
mkdir d && echo x >d/x && chown 12:34 d/x && mknod d/null c 1 3 && chmod 4755 d/x
stat -c '%u:%g %a %F %n' d d/x d/null
tar cf t.tar d && tar tvf t.tar | cut -c 1-16
id -u
E
chmod 777 . && chmod 644 t.sh
setpriv --reuid=1000 --regid=1000 --clear-groups fakeroot sh t.sh
stat -c '%u %F' d/x d/null
rm t.tar

# chmod and chown by letters and numbers, what a user may do.
touch f; chmod 640 f; stat -c '%a %A' f
chmod u+x,g-r,o=rw f; stat -c '%a %A' f
chmod a-w f; stat -c %a f
chmod 4755 f; stat -c '%a %A' f
mkdir -m 1777 d; stat -c '%a %A' d
chown user:staff f; stat -c '%u %g %U %G' f
echo secret > s; chmod 600 s
su user -c 'cat s' 2>&1
su user -c 'id -u; id -g; touch d/mine; ls -l d' | sed 's/  */ /g' | cut -d' ' -f1,3,4
su user -c 'rm s; touch new' 2>&1 | sort
mkdir -p r/s; chmod -R go= r; stat -c %a r r/s
test -w s && echo root may write

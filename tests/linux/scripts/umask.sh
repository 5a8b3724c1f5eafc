# umask shown, set, inherited, by letters.
umask
touch a; stat -c %a a
umask 077; touch b; mkdir c; stat -c %a b c
(umask 0; touch d; stat -c %a d)
umask
sh -c umask
umask u=rwx,g=rx,o=; umask
umask -S
umask 022; touch e; stat -c %a e
cp b f; stat -c %a f

# adds an account, sets its password and its age, and takes it away
useradd -m -d /work/u -s /bin/sh -c 'A B' -u 4321 acct && getent passwd acct && ls -A u | sort
echo acct:secret | chpasswd -c SHA512 && passwd -S acct | cut -d' ' -f 1,2 && chage -M 30 -W 5 -d 2024-01-01 acct && chage -l acct
usermod -aG daemon -L acct && id -Gn acct && passwd -S acct | cut -d' ' -f2 && groupadd -g 5432 grp && gpasswd -a acct grp && getent group grp
userdel acct && groupdel grp; getent passwd acct || echo "status $?"
pwck -r -q || echo "status $?"; grpck -r && echo consistent; useradd 'bad name' 2>&1 || echo "status $?"; rm -rf u

# serves a session over a pair of pipes instead of the network
# limit: 300
# mask: content
ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f k && mkdir -p /run/sshd && chmod 755 /work /work/home
mkdir -m 700 home/.ssh && cp k.pub home/.ssh/authorized_keys
printf 'HostKey /work/host\nAuthorizedKeysFile /work/home/.ssh/authorized_keys\nStrictModes no\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n' >conf
/usr/sbin/sshd -t -f conf && /usr/sbin/sshd -T -f conf | grep -E '^(usepam|strictmodes|port)'
cat >ssh.conf <<'E'
Host census
 ProxyCommand /usr/sbin/sshd -i -f /work/conf -E /work/log
 IdentityFile /work/k
 StrictHostKeyChecking no
 UserKnownHostsFile /dev/null
 LogLevel ERROR
E
ssh -F ssh.conf census 'echo inside; id -un; exit 3' || echo "status $?"
seq 3000 | ssh -F ssh.conf census 'wc -l' && ssh -F ssh.conf -tt census tty </dev/null 2>/dev/null | sed 's/[0-9]*\r*$/N/'
sftp -q -F ssh.conf census:/work/conf copy >/dev/null && cmp conf copy && echo copied; rm -f log

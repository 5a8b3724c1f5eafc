# sorts messages into mailboxes by rules
cat >rc <<'E'
MAILDIR=/work
DEFAULT=/work/inbox
LOGFILE=/work/log
VERBOSE=no
:0:
* ^Subject:.*urgent
urgent
:0 c
copies/
:0 fw
* ^From:.*robot
| sed 's/body/filtered/'
:0 B
* [0-9]+ euros
/dev/null
E
mkdir copies && for m in 'a@b|urgent thing|x' 'robot@b|news|the body' 'c@d|offer|win 100 euros' 'e@f|plain|hello'; do
    IFS='|' read -r f s b <<E
$m
E
    printf 'From %s Mon Jan  1 00:00:00 2024\nFrom: %s\nSubject: %s\n\n%s\n\n' "$f" "$f" "$s" "$b" | procmail -m /work/rc
done
grep -h -E '^(Subject|the|hello)' inbox urgent; ls copies/new | wc -l; grep -c Folder log; printf 'To: x\nSubject: a\n b\n\nbody\n' | formail -c -x Subject && printf 'From: a@b\nSubject: q\n\n' | formail -r -A 'X-A: 1' | grep -E '^(To|Subject|X-A)'; lockfile -r 1 l.lock && (lockfile -r 0 l.lock || echo "status $?"); rm -rf copies log l.lock

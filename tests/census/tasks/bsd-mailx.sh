# reads, saves and deletes messages of a mailbox
printf 'From a@b Mon Jan  1 00:00:00 2024\nFrom: A <a@b>\nTo: c@d\nSubject: one\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\nfirst body\n\nFrom e@f Tue Jan  2 00:00:00 2024\nFrom: E <e@f>\nSubject: two\n\nsecond body\n\n' >box
printf 'headers\nprint 1\nsave 2 saved\ndelete 1\nquit\n' | bsd-mailx -N -f box 2>&1 | grep -v '^Mail version'; grep -c '^From ' box || true
cat saved | grep body && printf 'from e@f\nexit\n' | bsd-mailx -N -f saved | grep two; bsd-mailx -H -f saved; bsd-mailx -f nothing </dev/null 2>&1 || echo "status $?"

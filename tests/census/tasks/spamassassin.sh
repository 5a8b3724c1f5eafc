# judges messages by its own rules, without a network
# limit: 900
# mask: times
printf 'From: a@b\nTo: c@d\nSubject: hello\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nMessage-ID: <1@b>\n\nA plain message.\n' >ham && printf 'From: x@y\nTo: c@d\nSubject: test\nMessage-ID: <2@b>\n\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n' >spam
mkdir c && printf 'header CENSUS Subject =~ /hello/\nscore CENSUS 1.5\ndescribe CENSUS a greeting\n' >own.cf
spamassassin -L -x --prefspath=/work/own.cf -t <ham 2>/dev/null | grep -E '^X-Spam-(Flag|Level)|CENSUS|points' | head -6; spamassassin -L -x -e --prefspath=/work/own.cf <spam >out 2>/dev/null || echo "status $?"; grep -E '^X-Spam-Flag' out; spamassassin -L -d <out 2>/dev/null | grep -c GTUBE-STANDARD; rm -rf out home/.spamassassin

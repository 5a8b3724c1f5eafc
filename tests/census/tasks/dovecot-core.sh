# keeps messages in folders, finds and copies them
# limit: 300
# mask: content times identities
printf 'mail_location = maildir:/work/m\nlog_path = /dev/stderr\nssl = no\nbase_dir = /work/run\nmail_uid = root\nmail_gid = root\nfirst_valid_uid = 0\nprotocols =\n' >conf && mkdir run
d() { doveadm -c /work/conf "$@" 2>&1; }
printf 'From: a@b\nSubject: one\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\nfirst\n' >1 && export USER=root HOME=/work/home
d save -m INBOX 1 && d mailbox create Work && d copy Work mailbox INBOX all && d mailbox list | sort && d fetch 'hdr.subject text.utf8' mailbox Work all | grep -v '^$' && d search subject one | wc -l && d expunge mailbox INBOX all && d mailbox status messages INBOX Work
d pw -s SHA512-CRYPT -p x | cut -c 1-16; doveconf -c conf -n mail_location; rm -rf m run

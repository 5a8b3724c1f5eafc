# verifies the signature of a file with a keyring
# mask: content identities times
# limit: 300
export GNUPGHOME=/work/g && mkdir -m 700 g
gpg --batch --quiet --passphrase '' --pinentry-mode loopback --quick-gen-key 'a <a@b>' ed25519 sign never 2>/dev/null
gpg --export >ring.gpg && echo message >m && gpg --batch --quiet --detach-sign m && gpg --batch --quiet --clearsign m
gpgv --keyring /work/ring.gpg m.sig m 2>&1 | grep -o 'Good signature from.*'
gpgv --keyring /work/ring.gpg -o - m.asc 2>/dev/null
echo x >>m && gpgv --keyring /work/ring.gpg m.sig m 2>&1 | grep -o 'BAD signature' 
gpgv --keyring /work/ring.gpg m.sig m >/dev/null 2>&1 || echo "status $?"
gpgconf --kill all; rm -rf g ring.gpg m.*

# makes a key, signs, verifies, encrypts and decrypts
# mask: content identities times tokens
# limit: 300
export GNUPGHOME=/work/g && mkdir -m 700 g
gpg --batch --quiet --passphrase '' --pinentry-mode loopback --quick-gen-key 'a <a@b>' ed25519 sign never 2>/dev/null
gpg --batch --quiet --passphrase '' --pinentry-mode loopback --quick-add-key $(gpg --list-keys --with-colons 2>/dev/null | awk -F: '/^fpr/{print $10; exit}') cv25519 encr never
echo message >m
gpg --batch --quiet --detach-sign m && gpg --verify m.sig m 2>&1 | grep -o 'Good signature'
gpg --batch --quiet --trust-model always -r a@b -e m && gpg --batch --quiet -d m.gpg 2>/dev/null
gpg --batch --quiet --passphrase pass --pinentry-mode loopback -c -o s.gpg m && gpg --batch --quiet --passphrase pass --pinentry-mode loopback -d s.gpg 2>/dev/null
gpg --list-keys --with-colons | cut -d: -f1-4 && gpg --print-md sha256 m && echo x >>m && gpg --verify m.sig m 2>&1 | grep -o 'BAD signature'
gpgconf --kill all; rm -rf g m.* s.gpg

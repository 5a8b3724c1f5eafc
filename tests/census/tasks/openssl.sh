# keys, certificates, signatures, ciphers and digests
# mask: content
printf 'a message' >m
openssl dgst -sha256 m && openssl dgst -sha3-512 -hmac key m && openssl enc -aes-256-cbc -K 00112233445566778899aabbccddeeff -iv 0011 -in m 2>/dev/null | base64
openssl enc -aes-128-ctr -pbkdf2 -iter 1000 -S 0102030405060708 -k pass -in m | openssl enc -d -aes-128-ctr -pbkdf2 -iter 1000 -S 0102030405060708 -k pass && echo
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k 2>/dev/null && openssl pkey -in k -noout -check
openssl req -x509 -new -key k -subj /CN=test -days 10 -out c && openssl x509 -in c -noout -subject -ext basicConstraints
openssl verify -CAfile c c && openssl dgst -sha256 -sign k -out s m && openssl x509 -in c -pubkey -noout >p && openssl dgst -sha256 -verify p -signature s m
openssl genpkey -algorithm ed25519 -out e && openssl pkeyutl -sign -rawin -inkey e -in m -out es && openssl pkeyutl -verify -rawin -inkey e -in m -sigfile es
openssl prime -generate -bits 64 >pr && test -s pr && openssl rand -hex 8 | wc -c && openssl asn1parse -in c | head -2 | cut -c 1-16
rm pr s es

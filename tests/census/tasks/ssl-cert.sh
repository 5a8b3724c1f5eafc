# makes a certificate of the template
# mask: content
make-ssl-cert generate-default-snakeoil --force-overwrite 2>&1 | grep -v '^[-.+*]*$' || true
ls -l /etc/ssl/private/ssl-cert-snakeoil.key | cut -c 1-10
openssl x509 -in /etc/ssl/certs/ssl-cert-snakeoil.pem -noout -subject
openssl verify -CAfile /etc/ssl/certs/ssl-cert-snakeoil.pem /etc/ssl/certs/ssl-cert-snakeoil.pem | sed 's/.*: //'

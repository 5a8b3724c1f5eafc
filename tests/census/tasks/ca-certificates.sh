# adds a certificate of one's own to the system's
# mask: content
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -subj /CN=census -days 10 -out /usr/local/share/ca-certificates/census.crt 2>/dev/null
update-ca-certificates 2>/dev/null | head -3
ls -l /etc/ssl/certs/census.pem | sed 's/.* \/etc/\/etc/' && openssl verify /usr/local/share/ca-certificates/census.crt
rm /usr/local/share/ca-certificates/census.crt; ls /etc/ssl/certs | grep -c pem; rm k

# registers a document type in a catalogue
mkdir -p c && update-xmlcatalog --add --root --package census --type public --id '-//C//D' --verbose 2>&1 | tail -1 || true
printf '<?xml version="1.0"?>\n<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog"/>\n' >c/cat.xml
install -D c/cat.xml /usr/share/xml/census/catalog.xml
update-xmlcatalog --add --type public --id '-//C//DTD T//EN' --package census --local /usr/share/xml/census/catalog.xml 2>&1 && update-xmlcatalog --add --root --type public --id '-//C//DTD T' --package census 2>&1
grep -o 'DTD T[^"]*' /etc/xml/catalog /etc/xml/census.xml | sort -u
update-xmlcatalog --del --root --type public --id '-//C//DTD T' 2>&1; grep -c 'DTD T' /etc/xml/catalog || true

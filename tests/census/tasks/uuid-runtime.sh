# makes identifiers that names determine, and random ones
uuidgen --sha1 --namespace @dns --name example.org && uuidgen --md5 --namespace @url --name http://example.org/
uuidgen -r | wc -c && uuidgen -t | cut -c 15
uuidparse -n -o TYPE,VARIANT $(uuidgen -r) && uuidparse -n 2ed6657d-e927-568b-95e1-2665a8aea6a2
test "$(uuidgen)" != "$(uuidgen)" && echo different

# filters, joins, groups and formats JSON
echo '[{"n":"a","v":3},{"n":"b","v":1},{"n":"a","v":5}]' >f
jq -c 'group_by(.n) | map({(.[0].n): map(.v) | add}) | add' f
jq -r '.[] | [.n, .v] | @csv' f && jq 'map(select(.v > 2)) | length' f && jq -c 'sort_by(.v) | .[0]' f
seq 100 | jq -s 'add' && jq -n '[range(5) | . * .]' -c && jq -n '"2024-01-01T00:00:00Z" | fromdate'
echo '{"a":{"b":[1,2,{"c":null}]}}' | jq -c 'paths' && echo '{"a":1}' | jq -S '.b = "\u00e9" | tojson'
jq -n 'def f: if . < 2 then 1 else . * (. - 1 | f) end; 10 | f' && echo '{' | jq . 2>&1 || echo "status $?"

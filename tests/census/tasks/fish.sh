# functions, lists, string operators and command substitution
cat >t.fish <<'E'
function fact; if test $argv[1] -le 1; echo 1; else; math $argv[1] '*' (fact (math $argv[1] - 1)); end; end
fact 6
set l (seq 5); echo $l[-1..1] (count $l)
string replace -ra '(\d+)' '<$1>' a1b22; string split , a,b,c | string upper
for f in (ls); echo file $f; end
switch foo; case 'f*'; echo matched; end
begin; echo one; echo two; end | while read line; echo "line $line"; end >out
cat out; not true; echo $status; math 'sqrt(2)'; set -q nothing; or echo unset
E
fish --no-config t.fish
rm -rf home/.config home/.local home/.cache

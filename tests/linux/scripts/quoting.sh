# sh -c and quoting: spaces, dollars, newlines, nested quotes, positional parameters.
sh -c 'echo "$0" "$1" "$#"' zero 'one with spaces' two
x='a  b'; echo $x "$x" '$x' \$x
echo "it's" 'say "hi"' "\"quoted\""
sh -c "sh -c 'echo \"deep\"'"
printf '[%s]' "$@" 'a b' '' 'c'; echo
set -- 'x y' z; for a in "$@"; do echo "<$a>"; done; for a in $*; do echo "{$a}"; done
echo 'line one
line two'
eval 'y=5; echo $((y + 1))'
echo a\
b
IFS=,; set -- a b c; echo "$*"
printf '%s\n' "${x:-unset}" "${nope:-default}" "${x:+alt}" "${x#a}" "${x%b}" "${#x}"
f=dir/file.tar.gz; echo ${f##*/} ${f%.*} ${f%%.*} ${f#*.}

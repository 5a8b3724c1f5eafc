# $( ): nesting, newlines, statuses, in strings and assignments, large outputs.
echo $(echo a $(echo b $(echo c)))
echo "$(printf 'x\n\n\n')|"
v=$(false); echo $?
echo `echo back \`echo ticks\``
x=$(cat <<END
from a document
END
); echo "$x"
big=$(seq 1 20000); echo ${#big}
echo $(for i in 1 2 3; do echo $i; done)
set -- $(echo 'one two  three'); echo $#
echo "$(cd /; pwd) $(pwd)"
f=$(mktemp); [ -f $f ] && echo made; rm $f

# env, export, unset: what a child sees.
A=1; export B=2
sh -c 'echo "[$A][$B]"'
C=3 sh -c 'echo $C'; echo "[$C]"
env -i sh -c 'echo "[$B][$HOME]"'
env D=4 sh -c 'echo $D'
unset B; sh -c 'echo "[$B]"'
env | grep -c '^PATH='
export E='with
newline'; sh -c 'echo "$E"'
env -u HOME sh -c 'echo "[$HOME]"'
readonly R=1; (R=2) 2>/dev/null || echo read-only
big=$(printf '%0100000d' 0); export big; sh -c 'echo ${#big}'

# lays out graphs and draws them in several formats
printf 'digraph g { a -> b; b -> c; a -> c [label=x]; subgraph cluster_1 { c; d } }\n' >g.dot
dot -Tplain g.dot && dot -Tsvg g.dot | grep -c '<path' && neato -n2 -Tdot g.dot | wc -l && dot -Tpng g.dot | head -c 4 | od -c | head -1
gvpr 'N { print(name) }' g.dot && tred g.dot | grep -c -- '->' && acyclic g.dot | wc -l && ccomps -v g.dot 2>&1 >/dev/null | tail -1; gc -n -e g.dot; sccmap -s g.dot 2>&1 | head -2; circo -Tplain g.dot | head -1
echo 'digraph {' | dot 2>&1 || echo "status $?"

# runs a folder of scripts, keeps old logs and finds programs
# mask: times
mkdir d && printf '#!/bin/sh\necho one "$@"\n' >d/one && printf '#!/bin/sh\necho two; exit 3\n' >d/two && chmod +x d/one && chmod +x d/two
echo data >d/not.run
run-parts --test d
run-parts --arg=x d || echo "status $?"
run-parts --report --exit-on-error d || echo "status $?"
echo first >log && savelog -c 3 log && echo second >log && savelog -c 3 log && ls && cat log.0
which.debianutils sh ls nothing || echo "status $?"
ischroot && echo inside || echo "status $?"
rm -f log.*

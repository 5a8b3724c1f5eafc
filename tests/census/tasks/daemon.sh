# runs a program in the background, once, and stops it
daemon --name=mine --pidfiles=/work --output=/work/log -- sh -c 'echo started; sleep 1000'
sleep 0.5
daemon --name=mine --pidfiles=/work --running && echo running
daemon --name=mine --pidfiles=/work -- true 2>&1 | sed 's/.*: //' || echo "status $?"
daemon --name=mine --pidfiles=/work --stop && sleep 0.5
daemon --name=mine --pidfiles=/work --running || echo "status $?"
cat log

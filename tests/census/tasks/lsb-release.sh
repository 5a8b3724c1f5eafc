# tells what distribution this is
lsb_release -a 2>/dev/null && lsb_release -sc

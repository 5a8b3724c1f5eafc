# looks up words, their meanings and relations
wn census -over || true
wn dog -hypen | head -8 || true
wn run -famlv | head -3 || true
wn nosuchwordatall -over && echo found || echo "status $?"

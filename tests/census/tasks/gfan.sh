# computes a Groebner fan and a Groebner basis
echo 'Q[x,y] {x^2-y, y^2-x}' >i
gfan_groebnerbasis <i || gfan _groebnerbasis <i
gfan _bases <i || true
gfan _tropicalstartingcone <i 2>&1 | head -3; echo 'Q[a,b,c] {a+b+c}' | gfan _tropicalhypersurface 2>/dev/null | head -8 || true

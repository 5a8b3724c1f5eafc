# factors, differentiates, integrates and solves
# limit: 600
maxima --very-quiet --batch-string='display2d:false$ factor(x^6-1); diff(sin(x)^2,x); integrate(x*exp(x),x); solve(x^2-5*x+6,x); 2^100; taylor(cos(x),x,0,6); determinant(matrix([1,2],[3,4])); sum(i^2,i,1,100); limit(sin(x)/x,x,0);' | grep -v '^$'
rm -rf home/.maxima

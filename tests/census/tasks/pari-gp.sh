# factors numbers, finds roots and computes series
cat >t.gp <<'E'
print(factor(2^67-1)); print(polroots(x^2+1)); print(nextprime(10^20)); print(sum(i=1,100,1/i^2)*1.); print(ellap(ellinit([0,1]),101));
print(matdet([1,2;3,4])," ",lift(Mod(3,1000007)^12345)," ",bernfrac(20)); write("out",fibonacci(200)); print(intnum(x=0,1,x^2)); print(contfrac(Pi,8)); print(iferr(1/0,e,"caught"));
E
gp -q -f t.gp </dev/null

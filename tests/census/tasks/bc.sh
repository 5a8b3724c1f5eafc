# computes to many digits, with functions and in other bases
echo 'scale=50; 4*a(1); e(1); sqrt(2)' | bc -l
echo 'define f(n) { if (n < 2) return (1); return (n * f(n - 1)); } f(40); obase=16; 255; ibase=2; 1111' | bc
echo '2^200 % 1000007; for (i = 0; i < 3; i++) i * i; length(12345); "text"' | bc && echo '1/0' | bc 2>&1 && printf 'x = 5\nx ^ 2\n' >f && bc -q f </dev/null

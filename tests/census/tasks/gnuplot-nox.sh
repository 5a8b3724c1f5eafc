# plots functions and data as text, pictures and tables, and fits a line
seq 10 | awk '{print $1, 2 * $1 + 1}' >d
cat >t.gp <<'E'
set terminal dumb 60 15
plot sin(x)
f(x) = a * x + b
set fit quiet logfile '/dev/null'
fit f(x) 'd' via a, b
print sprintf("%.4f %.4f", a, b)
stats 'd' using 2 nooutput
print STATS_sum
set terminal svg
set output 'out.svg'
plot 'd' with lines
set output
set table 'out.txt'
plot x ** 2
E
gnuplot t.gp && grep -c '<path' out.svg && wc -l <out.txt && echo 'plot nonsense(x)' | gnuplot 2>&1 | grep -c undefined || echo "status $?"; rm out.svg

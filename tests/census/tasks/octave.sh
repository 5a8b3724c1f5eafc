# solves a linear system, fits a curve, and reads and writes data
# limit: 600
cat >t.m <<'E'
A = [2 1; 1 3]; b = [3; 5]; x = A \ b; printf("%.6f %.6f\n", x); disp(det(A)); disp(round(1e6 * eig(A)') / 1e6)
p = polyfit(1:5, [1 4 9 16 25], 2); printf("%.4f ", p); printf("\n"); f = @(x) x .^ 2; printf("%.6f\n", quad(f, 0, 1));
s.a = 1; s.b = "x"; save -text out s; clear s; load out; disp(s.b); c = {1, "two", [3 4]}; disp(numel(c)); disp(regexprep("abc", "b", "X"))
[~, o] = system("echo child"); disp(strtrim(o)); disp(sum(primes(100))); try; error("mine"); catch e; disp(e.message); end; disp(fft([1 2 3 4]))
E
octave-cli --norc --quiet t.m && sed -i '/^# Created/d' out
rm -rf home/.local home/.config home/.cache

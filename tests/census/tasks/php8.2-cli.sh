# closures, arrays, dates, generators, files and serialisation
cat >t.php <<'E'
<?php
declare(strict_types=1);
enum S: string { case A = "a"; case B = "b"; }
final class P { public function __construct(public readonly int $x) {} }
function g(int $n): Generator { for ($i = 0; $i < $n; $i++) yield $i => $i * $i; }
echo implode(",", array_map(fn($x) => $x ** 2, range(1, 5))), " ", S::from("b")->name, " ", (new P(3))->x, "\n"; foreach (g(3) as $k => $v) echo "$k=$v "; echo "\n";
echo json_encode(["b" => [1, null], "a" => "é"]), " ", preg_replace_callback('/\d+/', fn($m) => (string)($m[0] * 2), "a1b22"), " ", hash("sha256", "abc"), "\n";
file_put_contents("out", serialize([1, "x"])); print_r(unserialize(file_get_contents("out"))); echo (new DateTimeImmutable("2024-01-31", new DateTimeZone("UTC")))->modify("+1 month")->format("Y-m-d"), "\n";
try { intdiv(1, 0); } catch (DivisionByZeroError $e) { echo $e->getMessage(), "\n"; } echo shell_exec("echo child"); $p = proc_open(["cat"], [["pipe", "r"], ["pipe", "w"]], $h); fwrite($h[0], "piped\n"); fclose($h[0]); echo stream_get_contents($h[1]); echo proc_close($p), "\n"; usort($a = [[2], [1]], fn($x, $y) => $x <=> $y);
E
php t.php && php -r 'echo md5("x"), PHP_EOL;' && php -l t.php && echo '<?php bad' | php -l 2>/dev/null || echo "status $?"

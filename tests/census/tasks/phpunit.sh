# runs tests of which one fails
# limit: 300
# mask: times numbers
printf '<?php\nuse PHPUnit\\Framework\\TestCase;\nclass T extends TestCase {\n function testGood(): void { $this->assertSame(4, 2 + 2); }\n function testBad(): void { $this->assertEquals([1, 2], [1, 3]); }\n /** @dataProvider d */\n function testData($a, $b): void { $this->assertSame($a, $b); }\n static function d() { return [[1, 1], [2, 2]]; }\n}\n' >T.php
phpunit --do-not-cache-result --testdox T.php || echo "status $?"
phpunit --do-not-cache-result --filter Good --log-junit out.xml T.php >/dev/null && grep -c '<testcase' out.xml; rm out.xml

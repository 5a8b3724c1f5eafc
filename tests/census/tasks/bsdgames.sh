# primes, Morse code, Caesar's cipher, pig Latin and arithmetic
/usr/games/primes 1 60 | tr '\n' ' '
/usr/games/morse -s hello world
echo uryyb | /usr/games/caesar 13
echo the quick fox | /usr/games/pig
/usr/games/number 12345
/usr/games/ppt hi
/usr/games/bcd hi
/usr/games/pom 2024010100 | grep -c Moon

# date with fixed input: formats, zones, seconds since 1970, leap days.
date -u -d @0 '+%Y-%m-%d %H:%M:%S %A %j'
date -u -d @1709164800 '+%F %T %a %b %e %U'
date -u -d '2024-02-29 12:34:56' +%s
TZ=CET-1CEST date -d @1720000000 '+%H:%M %Z'
date -u -d @2147483648 +%F
date -u -d @4102444800 +%F
touch -d '2001-02-03 04:05:06' f; date -u -r f '+%F %T'
[ $(date +%s) -gt 1700000000 ] && echo the clock is set
cal 2 2024 | head -3

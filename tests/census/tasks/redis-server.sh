# serves strings, lists, sets and scripts on a local socket, and saves them
# limit: 300
redis-server --port 0 --unixsocket /work/sock --dir /work --daemonize no --save '' --logfile /work/log >/dev/null 2>&1 &
i=0; until redis-cli -s sock ping >/dev/null 2>&1; do i=$((i + 1)); [ $i -lt 50 ] || { cat log; exit 1; }; sleep 0.2; done
r() { redis-cli -s sock "$@"; }
r set a 1 && r incrby a 41 && r rpush l x y z && r lrange l 0 -1 && r hset h f v && r hgetall h && r zadd z 2 b 1 a && r zrange z 0 -1 withscores && r eval 'return redis.call("get", KEYS[1]) * 2' 1 a && r setex t 1 x && sleep 1.2 && r exists t
(sleep 0.5; r publish ch hello >/dev/null; r lpush q job >/dev/null) & r blpop q 10; r multi >/dev/null; r lpop nothing; r sadd s 1 2 3 && r sinter s s; r save && r info server | grep -c redis_version; redis-benchmark -s sock -q -n 200 -t set 2>/dev/null | grep -c requests; r shutdown nosave; wait; ls dump.rdb && rm dump.rdb log

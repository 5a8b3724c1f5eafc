# makes a cluster, serves it on a local socket, and runs transactions and queries
# limit: 900
# mask: content
chmod 777 /work && export PATH=/usr/lib/postgresql/15/bin:$PATH
s() { setpriv --reuid=postgres --regid=postgres --clear-groups env HOME=/work PGHOST=/work PGUSER=postgres "$@"; }
s initdb -D d -A trust --no-sync >/dev/null && s pg_ctl -D d -l /work/log -w -o "-c listen_addresses='' -c unix_socket_directories=/work -c fsync=off -c dynamic_shared_memory_type=posix" start >/dev/null || { tail -5 log; exit 1; }
s psql -qAt -c 'create table t(a int primary key, b text)' -c "insert into t select i, 'n' || i from generate_series(1, 500) i" -c 'select sum(a), max(b) from t' -c 'begin; delete from t where a > 10; rollback' -c 'select count(*) from t' -c "select b from t where a between 3 and 5 order by a desc" -c 'create index on t(b)'
s psql -qAt -c 'insert into t values (1)' 2>&1 || echo "status $?"; s psql -qAt -c "with recursive f(a, b) as (values (0, 1) union all select b, a + b from f where b < 50) select array_agg(a) from f" -c "select '{\"a\": [1, 2]}'::jsonb -> 'a' -> 1" -c "select to_char(date '2024-02-29' + interval '1 year', 'YYYY-MM-DD')"
s pg_dump -t t | grep -c n4; s psql -qAt -c 'select count(*) from pg_stat_activity where backend_type = $$client backend$$'; s pg_ctl -D d -m fast stop >/dev/null && tail -1 log | sed 's/.*LOG: *//'; rm -rf d log

# makes data, serves it on a local socket, and runs transactions and queries
# limit: 900
# mask: content
mkdir d && mariadb-install-db --no-defaults --user=root --datadir=/work/d --auth-root-authentication-method=normal --skip-test-db >log 2>&1 || { tail -5 log; exit 1; }
mariadbd --no-defaults --user=root --datadir=/work/d --socket=/work/sock --skip-networking --pid-file=/work/pid --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=8M >log 2>&1 &
i=0; until mariadb-admin --no-defaults -S sock ping >/dev/null 2>&1; do i=$((i + 1)); [ $i -lt 200 ] || { tail -5 log; exit 1; }; sleep 0.5; done
q() { mariadb --no-defaults -S sock -N -B "$@"; }
q -e "create database c; use c; create table t(a int primary key, b varchar(20)) engine=innodb; insert into t select seq, concat('n', seq) from seq_1_to_300; select sum(a), max(b) from t; start transaction; delete from t where a > 5; rollback; select count(*) from t; create index ib on t(b); select b from t where b like 'n29%' order by a limit 3"
q c -e 'insert into t values (1, 2)' 2>&1 || echo "status $?"; q c -e "create procedure p() select 6 * 7; call p(); select json_extract('[1,2]', '\$[1]'), date_add('2024-02-29', interval 1 year)"; mariadb-dump --no-defaults -S sock c t | grep -c n29; mariadb-admin --no-defaults -S sock shutdown; wait; grep -c 'Shutdown complete' log; rm -rf d log

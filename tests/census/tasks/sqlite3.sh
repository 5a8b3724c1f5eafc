# makes tables, indexes, views and transactions, dumps and reads a data base
cat >t.sql <<'E'
create table t(a integer primary key, b text); with recursive n(i) as (values(1) union all select i + 1 from n where i < 1000) insert into t select i, 'row ' || i from n;
create index ib on t(b); create view v as select a % 10 as k, count(*) as c from t group by k; select * from v where k < 3;
begin; delete from t where a > 500; rollback; select count(*), sum(a) from t; select group_concat(b, ';') from (select b from t order by a limit 3); explain query plan select * from t where b = 'row 5';
select json_extract('{"a":[1,2]}', '$.a[1]'), printf('%05.1f', 3.14159), date('2024-02-29', '+1 year'), a over_ from (select row_number() over (order by a desc) a from t limit 1);
.mode csv
select * from t limit 2;
E
sqlite3 d.db <t.sql && sqlite3 d.db .dump | sha256sum && sqlite3 d.db 'pragma journal_mode=wal; insert into t(b) values (1); pragma integrity_check' && sqlite3 d.db '.backup e.db' && sqlite3 e.db 'select count(*) from t' && sqlite3 d.db 'insert into t values (1, 2)' 2>&1 || echo "status $?"
for i in 1 2 3 4; do sqlite3 -cmd '.timeout 20000' d.db "insert into t(b) values ('w$i')" & done; wait; sqlite3 d.db "select count(*) from t where b like 'w%'; vacuum"; echo '1,x' | sqlite3 d.db '.import --csv /dev/stdin imported' ; rm -f d.db* e.db

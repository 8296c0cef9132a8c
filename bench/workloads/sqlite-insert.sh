#!/bin/sh
# sqlite3 inserting 200,000 rows into a file, in one transaction.
# needs: sqlite3
set -eu
case $1 in
prepare)
    cat >insert.sql <<SQL
create table numbers (id integer primary key, value integer, name text);
begin;
with recursive series(i) as (select 1 union all select i + 1 from series where i < $((200000 / BENCH_DIVISOR)))
    insert into numbers select i, i * 7919 % 10007, 'name ' || i from series;
commit;
create index by_value on numbers (value);
select count(*), sum(value) from numbers;
SQL
    ;;
run) exec sqlite3 numbers.db '.read insert.sql' ;;
esac

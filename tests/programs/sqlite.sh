# sqlite3 inserts 100,000 rows into a file: pread, pwrite, fsync, locks, a journal.
command=(sqlite3 ./data.db ".read script.sql")
needs=(sqlite3)
setup() {
    cat >script.sql <<'SQL'
CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT, value REAL);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
INSERT INTO rows SELECT i, 'row ' || i, random() FROM n;
COMMIT;
CREATE INDEX by_name ON rows (name);
SELECT count(*), sum(value), max(name) FROM rows;
SELECT * FROM rows WHERE name = 'row 77777';
SQL
}
verify() {
    [ "$(sqlite3 data.db 'SELECT count(*) FROM rows')" = 100000 ]
}

# tar and gzip at the two ends of a pipe.
command=(sh -c 'tar c files | gzip >files.tar.gz; gzip -l files.tar.gz; tar tzf files.tar.gz | sort')
setup() {
    mkdir files && local i
    for i in 1 2 3 4 5; do
        head -c 100000 /dev/urandom >"files/random-$i"
        seq $((i * 20000)) >"files/numbers-$i"
    done
}
verify() {
    mkdir copy && tar xzf files.tar.gz -C copy && diff -r files copy/files
}

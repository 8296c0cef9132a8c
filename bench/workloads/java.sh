#!/bin/sh
# Java, for about two seconds: maps, strings and a sort, on as many threads as the JVM wants to have.
# needs: java javac
set -eu
case $1 in
build)
    cat >Work.java <<'JAVA'
import java.util.*;

public class Work {
    static long round(int seed) {
        Random random = new Random(seed);
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 50000; i++)
            counts.merge("key " + random.nextInt(20000), 1, Integer::sum);
        List<String> keys = new ArrayList<>(counts.keySet());
        Collections.sort(keys);
        long hash = 0;
        for (String key : keys)
            hash = hash * 31 + key.hashCode() + counts.get(key);
        return hash;
    }

    public static void main(String[] arguments) {
        long sum = 0;
        for (int i = 0; i < Integer.parseInt(arguments[0]); i++)
            sum += round(i);
        System.out.println(sum);
    }
}
JAVA
    javac Work.java
    ;;
run) exec java -cp "$BENCH_BUILD" Work $((110 / BENCH_DIVISOR)) ;;
esac

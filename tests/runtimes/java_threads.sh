# Java: a pool of four threads, the just-in-time compiler, the collector, safepoints, times.
limit=240
command=(java -cp "$WORK" Program)
prepare() {
    cat >Program.java <<'JAVA'
import java.util.*;
import java.util.concurrent.*;

public class Program {
    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> results = new ArrayList<>();
        for (int task = 0; task < 8; task++) {
            final int factor = task;
            results.add(pool.submit(() -> {
                HashMap<Integer, Integer> counts = new HashMap<>();
                long hash = 0;
                for (int i = 0; i < 30000; i++) {
                    counts.merge((i * factor) % 1009, 1, Integer::sum);
                    hash = hash * 31 + i;
                }
                return hash + counts.size();
            }));
        }
        long sum = 0;
        for (Future<Long> result : results)
            sum += result.get();
        pool.shutdown();
        System.gc();
        System.out.println(sum + " " + System.nanoTime() + " " + System.identityHashCode(pool));
    }
}
JAVA
    javac -d "$WORK" Program.java
}
